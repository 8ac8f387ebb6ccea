/** Rows of a template file, JSON Lines or CSV, before a schema checks them. */
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { JsonError, parseJson } from '../json/parse-json.js';
import { DataFileError } from './data-file-error.js';
import {
  checkWidth,
  csvProblem,
  delimitedOptions,
  detectDelimiter,
  hasCrLineEnds,
  joinsRows,
  strictQuotes,
  widthProblem,
  type DelimitedFormat,
} from './delimited-text.js';

export type TemplateFormat = 'jsonl' | 'csv';

export interface TemplateRow {
  /** From 1; of a row over several lines, the first */
  line: number;
  value: unknown;
}

export interface LineProblem {
  line: number;
  message: string;
}

/** The format by the file's name, else by its first character. */
export function templateFormat(file: string, text: string): TemplateFormat {
  if (/\.(csv|tsv|tab)$/i.test(file)) return 'csv';
  if (/\.(jsonl|ndjson|json)$/i.test(file)) return 'jsonl';
  return /^\s*[{[]/.test(text) ? 'jsonl' : 'csv';
}

/**
 * Reads the rows of a whole file, so that all errors are reported at once. Ids that are numbers become strings of their digits.
 *
 * @param columns that a CSV file may have
 * @param required those that its header must have
 */
export function readTemplateRows(
  text: string,
  format: TemplateFormat,
  { columns, required }: { columns: readonly string[]; required: readonly string[] },
): { rows: TemplateRow[]; problems: LineProblem[] } {
  const whole = text.replace(/^\uFEFF/, '');
  const problems = findReplacedCharacters(whole);
  if (problems.length > 0) return { rows: [], problems };
  if (format === 'jsonl') return readJsonLines(whole);
  const lines = hasCrLineEnds(whole) ? whole.replaceAll(/\r\n?/g, '\n') : whole;
  try {
    return readCsv(lines, { columns, required });
  } catch (error) {
    if (!(error instanceof DataFileError)) throw error;
    return { rows: [], problems: [{ line: error.line ?? 1, message: error.problem }] };
  }
}

/** U+FFFD is what a decoder inserts for bytes of another encoding: customers would get it in replies. */
function findReplacedCharacters(text: string): LineProblem[] {
  if (!text.includes('\uFFFD')) return [];
  return text.split(/\r\n|\n|\r/).flatMap((line, index) => {
    const column = line.indexOf('\uFFFD') + 1;
    const message = `column ${column}: not UTF-8, or converted wrongly before (U+FFFD); save the file as UTF-8`;
    return column === 0 ? [] : [{ line: index + 1, message }];
  });
}

function readJsonLines(text: string): { rows: TemplateRow[]; problems: LineProblem[] } {
  const rows: TemplateRow[] = [];
  const problems: LineProblem[] = [];
  if (text.trimStart().startsWith('[')) {
    return {
      rows,
      problems: [{ line: 1, message: 'is a JSON array; use JSON Lines: one object per line, without brackets' }],
    };
  }
  for (const [index, json] of text.split(/\r\n|\n|\r/).entries()) {
    if (json.trim() === '') continue;
    try {
      rows.push({ line: index + 1, value: withTextIds(parseJson(json)) });
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const column = error.column === null ? '' : `column ${error.column}: `;
      problems.push({ line: index + 1, message: `${column}not JSON: ${error.problem}` });
    }
  }
  return { rows, problems };
}

/** Zendesk and others export ids as numbers. */
function withTextIds(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const ids = Object.entries(value).filter(([name, id]) => idColumns.includes(name) && Number.isSafeInteger(id));
  return { ...value, ...Object.fromEntries(ids.map(([name, id]) => [name, String(id)])) };
}

const idColumns = ['id', 'mergedInto'];

interface Entry {
  record: string[];
  raw: string;
  info: { lines: number };
}

/** The first row has the column names; contact types are separated by `|`; empty cells are ignored. */
function readCsv(
  text: string,
  known: { columns: readonly string[]; required: readonly string[] },
): { rows: TemplateRow[]; problems: LineProblem[] } {
  const [header, ...entries] = parseCells(text);
  const names = header?.record ?? [];
  checkHeader(names, known);
  const rows: TemplateRow[] = [];
  const problems: LineProblem[] = [];
  for (const { record, raw, info } of entries) {
    const line = info.lines - (raw.trimEnd().split('\n').length - 1);
    try {
      checkWidth(names, record, '', line);
      if (names.slice(record.length).some((name) => name !== '')) {
        throw new DataFileError('', line, widthProblem(names.length, record.length));
      }
      rows.push({ line, value: toObject(names, record) });
    } catch (error) {
      if (!(error instanceof DataFileError)) throw error;
      problems.push({ line, message: error.problem });
    }
  }
  return { rows, problems };
}

/** @throws DataFileError */
function parseCells(text: string): Entry[] {
  const format = detectDelimiter(text, '');
  const hasQuotes = format.delimiter !== '\t' || hasExcelQuotes(text, format);
  try {
    const options = { ...delimitedOptions(format, hasQuotes), raw: true, trim: true };
    return parse(text, options) as unknown as Entry[];
  } catch (error) {
    throw error instanceof CsvError ? csvProblem('', error, 0, []) : error;
  }
}

function hasExcelQuotes(text: string, format: DelimitedFormat): boolean {
  try {
    return !(parse(text, strictQuotes(format)) as unknown as Entry[]).some(({ record }) => joinsRows(record));
  } catch (error) {
    if (error instanceof CsvError) return false;
    throw error;
  }
}

/** @throws DataFileError where a column is missing, unknown or repeated; columns without a name are ignored */
function checkHeader(
  names: readonly string[],
  { columns, required }: { columns: readonly string[]; required: readonly string[] },
): void {
  const errors = [
    ...required.filter((name) => !names.includes(name)).map((name) => `column ${name} is missing`),
    ...names
      .filter((name) => name !== '' && !columns.includes(name))
      .map((name) => `column “${name}” must be one of ${columns.join(', ')}`),
    ...columns
      .filter((name) => names.indexOf(name) < names.lastIndexOf(name))
      .map((name) => `duplicate column “${name}”`),
  ];
  if (errors.length > 0) throw new DataFileError('', 1, errors.join('; '));
}

function toObject(names: readonly string[], values: readonly string[]): object {
  const cells = names.map((name, index) => [name, values[index] ?? ''] as const);
  const filled = cells.filter(([name, cell]) => name !== '' && name !== 'contactTypes' && cell !== '');
  const types = cells.find(([name]) => name === 'contactTypes')?.[1] ?? '';
  const contactTypes = types
    .split('|')
    .map((type) => type.trim())
    .filter((type) => type !== '');
  return { ...Object.fromEntries(filled), contactTypes };
}
