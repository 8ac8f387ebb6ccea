/** CSV and TSV as spreadsheets and helpdesks export them: which separator, line ends and quotes a file has. */
import type { CsvError, Options } from 'csv-parse';
import { DataFileError } from './data-file-error.js';
import { tooLong } from './text-encoding.js';

/** Maximum characters of a row: without it an unclosed quote would read the rest of the file as one row. */
export const maxRowCharacters = 16_000_000;

export interface DelimitedFormat {
  delimiter: string;
  /** A first line such as `sep=;`, which Excel writes and reads */
  hasSeparatorLine: boolean;
}

/**
 * Detects the separator from the header, the first line that is not `sep=…`. Separators in quotes do not count.
 *
 * @param beginning of the text, without a byte order mark
 * @param file a name that ends in .tsv or .tab means tabs
 */
export function detectDelimiter(beginning: string, file: string): DelimitedFormat {
  const [separatorLine = '', named] = /^"?sep=(.)"?[^\S\t]*(?:\r\n|\n|\r)/i.exec(beginning) ?? [];
  if (named !== undefined) return { delimiter: named, hasSeparatorLine: true };
  const header = firstLine(beginning.slice(separatorLine.length));
  const separators = header.replaceAll(/"(?:[^"]|"")*"/g, '');
  const has = (separator: string): boolean => separators.includes(separator);
  const byHeader = has(',') ? ',' : (['\t', ';'].find(has) ?? ',');
  const isTsv = /\.(tsv|tab)$/i.test(file) && (has('\t') || byHeader === ',');
  return { delimiter: isTsv ? '\t' : byHeader, hasSeparatorLine: false };
}

const headerPattern = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/;

const firstLine = (text: string): string => headerPattern.exec(text.replace(/^[\r\n]+/, ''))?.[0] ?? '';

/** Whether the lines of a text end with CR alone, as old spreadsheets for Mac write them. */
export function hasCrLineEnds(beginning: string): boolean {
  const text = beginning.replace(/^[\r\n]+(?=[^\r\n])/, '');
  return /^\r(?!\n|$)/.test(text.slice(firstLine(text).length));
}

/** Options of csv-parse. Rows are arrays: a header may repeat names or leave them out. */
export function delimitedOptions({ delimiter, hasSeparatorLine }: DelimitedFormat, hasQuotes: boolean): Options {
  return {
    bom: true,
    delimiter,
    from_line: hasSeparatorLine ? 2 : 1,
    info: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    ...(hasQuotes ? { relax_quotes: true } : { quote: null }),
  };
}

/**
 * Options with which a TSV file parses only if its quotes are those of Excel, which quotes every cell that contains one. In any
 * other TSV a quote is a character like any other.
 */
export const strictQuotes = (format: DelimitedFormat): Options => ({
  ...delimitedOptions(format, true),
  relax_quotes: false,
  max_record_size: maxRowCharacters,
});

/** A quote that is no quote would join rows to one cell. Spreadsheets have no tabs in a cell. */
export const joinsRows = (cells: readonly string[]): boolean => cells.some((cell) => /\t.*\n|\n.*\t/s.test(cell));

/** @throws DataFileError where a row has more cells than the header; empty cells at its end do not count */
export function checkWidth(names: readonly string[], cells: readonly string[], file: string, line: number): void {
  if (cells.length <= names.length || cells.slice(names.length).every((cell) => cell.trim() === '')) return;
  throw new DataFileError(file, line, widthProblem(names.length, cells.length));
}

export const widthProblem = (header: number, row: number): string =>
  `the header has ${header} columns, this row has ${row}`;

/**
 * @param read last line of the previous row
 * @param names the header; empty where the error is in it
 */
export function csvProblem(file: string, error: CsvError, read: number, names: readonly string[]): DataFileError {
  const line = typeof error['lines'] === 'number' ? error['lines'] : null;
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
    const name = typeof error['column'] === 'number' ? names[error['column']] : undefined;
    const column = name === undefined ? '' : `column "${name}": `;
    return new DataFileError(file, read + 1, `${column}a quote (") opened here or below is never closed`);
  }
  if (error.code === 'CSV_MAX_RECORD_SIZE') return new DataFileError(file, read + 1, tooLong);
  const problem = /^(.*?)(?: on line \d+.*| at line \d+.*)?$/s.exec(error.message)?.[1] ?? error.message;
  return new DataFileError(file, line, problem);
}
