/**
 * Streams tickets from CSV, TSV or JSON Lines with a header. A row that can't be read is an error with file, line and column.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { parse, CsvError } from 'csv-parse';
import { DataFileError } from '../../files/data-file-error.js';
import { DayMonthOrderFinder, type DayMonthOrder } from '../../files/dates.js';
import {
  checkWidth,
  csvProblem,
  delimitedOptions,
  detectDelimiter,
  hasCrLineEnds,
  joinsRows,
  maxRowCharacters,
  strictQuotes,
  type DelimitedFormat,
} from '../../files/delimited-text.js';
import { decodeStream, detectEncoding } from '../../files/text-encoding.js';
import { JsonError, parseJson } from '../../json/parse-json.js';
import { RowReader, type Cells, type Columns, type DataRow } from './data-row.js';

/**
 * Reads rows one by one.
 *
 * @param labels `required`: a missing label column is an error; `optional`: rows have no labels then
 * @param refuse called for each row that can't be read; default: the first one is thrown
 * @throws DataFileError where the file, or without `refuse` a row, can't be read
 */
export async function* readDataFile(
  file: string,
  columns: Columns = {},
  labels: 'required' | 'optional' = 'required',
  refuse: Refuse = fail,
): AsyncGenerator<DataRow> {
  const source = await openSource(file);
  let reader: RowReader | undefined;
  for await (const record of records(source, refuse)) {
    reader ??= new RowReader(file, columns, record.names, labels);
    if (reader.needsDayMonthOrder(record.cells)) reader.dayMonthOrder = await findDayMonthOrder(source, reader);
    const row = readOrRefuse(() => reader?.row(record), refuse);
    if (row) yield row;
  }
  if (!reader) throw new DataFileError(file, null, 'has no rows below its header');
}

/** A row before its columns are chosen. */
export interface RawRecord {
  /** The header; of JSON the object's own names */
  names: readonly string[];
  cells: Cells;
  line: number;
  /** Number of cells; of JSON null */
  width: number | null;
}

type Refuse = (error: DataFileError) => void;

const fail: Refuse = (error) => {
  throw error;
};

function readOrRefuse<T>(read: () => T, refuse: Refuse): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DataFileError)) throw error;
    refuse(error);
    return undefined;
  }
}

/** A file whose encoding and format are known. */
interface Source {
  file: string;
  encoding: ReturnType<typeof detectEncoding>;
  crOnly: boolean;
  /** Null: JSON Lines */
  delimited: (DelimitedFormat & { hasQuotes: boolean }) | null;
}

async function openSource(file: string): Promise<Source> {
  const bytes = await readBeginning(file);
  const encoding = detectEncoding(bytes, file);
  const beginning = new TextDecoder(encoding).decode(bytes);
  if (beginning.trim() === '') throw new DataFileError(file, null, 'is empty');
  if (beginning.trimStart().startsWith('[')) {
    throw new DataFileError(file, 1, 'is a JSON array; use JSON Lines: one object per line, without brackets');
  }
  if (beginning.trimStart().startsWith('{')) {
    return { file, encoding, crOnly: beginning.includes('\r') && !beginning.includes('\n'), delimited: null };
  }
  const format = detectDelimiter(beginning, file);
  const source = { file, encoding, crOnly: hasCrLineEnds(beginning) };
  const hasQuotes = format.delimiter !== '\t' || (await hasExcelQuotes({ ...source, delimited: null }, format));
  return { ...source, delimited: { ...format, hasQuotes } };
}

const beginningBytes = 65_536;

async function readBeginning(file: string): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(beginningBytes), 0, beginningBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DataFileError(file, null, unreadable[code ?? ''] ?? `can't be read: ${message}`);
  }
}

const unreadable: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'permission denied',
};

function openText({ file, encoding, crOnly }: Source): Readable {
  const bytes = createReadStream(file).on('error', () => undefined);
  const decoded = decodeStream(file, { encoding, crOnly, maxLineBytes: maxRowCharacters });
  return pipeline(bytes, decoded, () => undefined);
}

async function hasExcelQuotes(source: Source, format: DelimitedFormat): Promise<boolean> {
  try {
    for await (const entry of pipeline(openText(source), parse(strictQuotes(format)), () => undefined)) {
      if (joinsRows((entry as Entry).record)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof CsvError) return false;
    throw error;
  }
}

/** Reads the column of dates to its end: one row's order of day and month is that of all rows. */
async function findDayMonthOrder(source: Source, reader: RowReader): Promise<DayMonthOrder> {
  const finder = new DayMonthOrderFinder();
  for await (const { cells } of records(source, () => undefined)) finder.add(reader.dateText(cells));
  return finder.order;
}

function records(source: Source, refuse: Refuse): AsyncGenerator<RawRecord> {
  return source.delimited === null
    ? jsonLines(openText(source), source.file, refuse)
    : delimited(openText(source), source.file, { ...source.delimited, refuse });
}

interface Entry {
  record: string[];
  info: { lines: number };
}

async function* delimited(
  source: Readable,
  file: string,
  { hasQuotes, refuse, ...format }: DelimitedFormat & { hasQuotes: boolean; refuse: Refuse },
): AsyncGenerator<RawRecord> {
  let names: string[] | undefined;
  /** Last line of the last row that was read */
  let read = 0;
  const parser = parse({
    ...delimitedOptions(format, hasQuotes),
    max_record_size: maxRowCharacters,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) refuse(csvProblem(file, error, read, names ?? []));
      return undefined;
    },
  });
  try {
    for await (const entry of pipeline(source, parser, () => undefined)) {
      const { record, info } = entry as Entry;
      read = info.lines;
      if (names === undefined) {
        names = record;
        continue;
      }
      const header = names;
      const row = readOrRefuse(() => toRecord(header, record, file, info.lines), refuse);
      if (row) yield row;
    }
  } catch (error) {
    throw error instanceof CsvError ? csvProblem(file, error, read, names ?? []) : error;
  }
}

/** @throws DataFileError where the row is longer than the header */
function toRecord(names: string[], values: string[], file: string, line: number): RawRecord {
  checkWidth(names, values, file, line);
  // Of a repeated name, which nobody reads, the first cell.
  const pairs = names.map((name, index): [string, unknown] => [name, values[index]]);
  const cells: Cells = Object.fromEntries(pairs.toReversed());
  return { names, cells, line, width: values.length };
}

async function* jsonLines(source: Readable, file: string, refuse: Refuse): AsyncGenerator<RawRecord> {
  let line = 0;
  let rest = '';
  const parsed = (json: string): RawRecord => {
    const cells = parseObject(json, file, line);
    return { names: Object.keys(cells), cells, line, width: null };
  };
  for await (const chunk of source.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const json of lines) {
      line += 1;
      const record = json.trim() ? readOrRefuse(() => parsed(json), refuse) : undefined;
      if (record) yield record;
    }
  }
  line += 1;
  const record = rest.trim() ? readOrRefuse(() => parsed(rest), refuse) : undefined;
  if (record) yield record;
}

function parseObject(json: string, file: string, line: number): Cells {
  try {
    const value = parseJson(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Cells;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const column = error.column === null ? '' : `column ${error.column}: `;
    throw new DataFileError(file, line, `${column}not JSON: ${error.problem}`);
  }
  throw new DataFileError(file, line, 'not a JSON object');
}
