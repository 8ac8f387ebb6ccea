/**
 * Streams tickets from CSV, TSV or JSON Lines with a header. A row that can't be read is an error with file, line and column.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import { parse, CsvError } from 'csv-parse';
import { DataFileError, RowReader, type Cells, type Columns, type DataRow } from './data-row.js';

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
  let reader: RowReader | undefined;
  for await (const { cells, line } of records(file, refuse)) {
    reader ??= new RowReader(file, columns, Object.keys(cells), labels);
    const row = readOrRefuse(() => reader?.row(cells, line), refuse);
    if (row) yield row;
  }
  if (!reader) throw new DataFileError(file, null, 'has no rows below its header');
}

/** Maximum characters of a row: without it an unclosed quote would read the rest of the file as one row. */
const maxRowCharacters = 16_000_000;
const tooLong = 'row is longer than 16 million characters; a line end or a closing quote is missing';

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

async function* records(file: string, refuse: Refuse): AsyncGenerator<{ cells: Cells; line: number }> {
  const first = await readBeginning(file);
  const text = createReadStream(file).on('error', () => undefined);
  const checked = pipeline(text, utf8Check(file), () => undefined);
  if (first.trimStart().startsWith('{')) yield* jsonLines(checked, file, refuse);
  else yield* delimited(checked, file, { first, refuse });
}

async function readBeginning(file: string): Promise<string> {
  let first: string;
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0);
      first = buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '');
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DataFileError(file, null, unreadable[code ?? ''] ?? `can't be read: ${message}`);
  }
  if (first.trim() === '') throw new DataFileError(file, null, 'is empty');
  if (first.trimStart().startsWith('[')) {
    throw new DataFileError(file, 1, 'is a JSON array; use JSON Lines: one object per line, without brackets');
  }
  return first;
}

const unreadable: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'permission denied',
};

/** Passes whole lines on after checking their bytes: a decoder would silently insert U+FFFD. */
function utf8Check(file: string): Transform {
  let rest: Buffer[] = [];
  let waiting = 0;
  let line = 1;
  const check = (block: Buffer): Error | null => {
    if (isUtf8(block)) {
      for (const byte of block) if (byte === 10) line += 1;
      return null;
    }
    for (const bytes of block.toString('latin1').split('\n')) {
      const valid = isUtf8(Buffer.from(bytes, 'latin1'));
      if (!valid) {
        const column = firstInvalidCharacter(Buffer.from(bytes, 'latin1'));
        return new DataFileError(file, line, `column ${column}: not UTF-8; save the file as UTF-8`);
      }
      line += 1;
    }
    return new DataFileError(file, line, 'not UTF-8');
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const end = chunk.lastIndexOf(10) + 1;
      waiting += chunk.length;
      rest.push(chunk.subarray(0, end));
      if (end === 0) {
        rest[rest.length - 1] = chunk;
        if (waiting > maxRowCharacters) done(new DataFileError(file, line, tooLong));
        else done();
        return;
      }
      const block = Buffer.concat(rest);
      rest = [chunk.subarray(end)];
      waiting = chunk.length - end;
      done(check(block), block);
    },
    flush(done) {
      const block = Buffer.concat(rest);
      done(check(block), block);
    },
  });
}

/** Position, from 1, of the first character that is not UTF-8. */
function firstInvalidCharacter(bytes: Buffer): number {
  let good = bytes.length;
  while (good > 0 && !isUtf8(bytes.subarray(0, good))) good -= 1;
  return bytes.toString('utf8', 0, good).length + 1;
}

async function* delimited(
  source: Readable,
  file: string,
  { first, refuse }: { first: string; refuse: Refuse },
): AsyncGenerator<{ cells: Cells; line: number }> {
  const header = first.split(/\r?\n/, 1)[0] ?? '';
  const delimiter = /\.(tsv|tab)$/i.test(file) || (header.includes('\t') && !header.includes(',')) ? '\t' : ',';
  /** Last line of the last row that was read */
  let read = 0;
  const parser = parse({
    bom: true,
    columns: (names: string[]) => {
      read = 1;
      return checkedHeader(names, file);
    },
    delimiter,
    info: true,
    // TSV has no quoting: its cells contain no tabs or line ends, and a quote is a character like any other.
    ...(delimiter === '\t' ? { quote: null } : { relax_quotes: true }),
    max_record_size: maxRowCharacters,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) refuse(csvProblem(file, error, read));
      return undefined;
    },
  });
  try {
    for await (const entry of pipeline(source, parser, () => undefined)) {
      const { record, info } = entry as { record: Cells; info: { lines: number } };
      read = info.lines;
      yield { cells: record, line: info.lines };
    }
  } catch (error) {
    throw error instanceof CsvError ? csvProblem(file, error, read) : error;
  }
}

/** @param read last line of the previous row */
function csvProblem(file: string, error: CsvError, read: number): DataFileError {
  const line = typeof error['lines'] === 'number' ? error['lines'] : null;
  const column = typeof error['column'] === 'string' ? `column "${error['column']}": ` : '';
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
    return new DataFileError(file, read + 1, `${column}a quote (") opened here or below is never closed`);
  }
  if (error.code === 'CSV_MAX_RECORD_SIZE') return new DataFileError(file, read + 1, `${column}${tooLong}`);
  const counts = /columns length is (\d+), got (\d+)/.exec(error.message);
  if (counts) return new DataFileError(file, line, `the header has ${counts[1]} columns, this row has ${counts[2]}`);
  const problem = /^(.*?)(?: on line \d+.*| at line \d+.*)?$/s.exec(error.message)?.[1] ?? error.message;
  return new DataFileError(file, line, problem);
}

function checkedHeader(names: string[], file: string): string[] {
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new DataFileError(file, 1, `duplicate column "${twice}" in the header`);
  return names;
}

async function* jsonLines(
  source: Readable,
  file: string,
  refuse: Refuse,
): AsyncGenerator<{ cells: Cells; line: number }> {
  let line = 0;
  let rest = '';
  const parsed = (json: string): Cells => {
    try {
      const value: unknown = JSON.parse(json);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Cells;
    } catch (error) {
      const { message } = error as Error;
      const place = /position (\d+)/.exec(message)?.[1];
      const column = place === undefined ? '' : `column ${Number(place) + 1}: `;
      throw new DataFileError(file, line, `${column}not JSON: ${message.replace(/ \(line \d+ column \d+\)/, '')}`);
    }
    throw new DataFileError(file, line, 'not a JSON object');
  };
  for await (const chunk of source.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).replace(/^\uFEFF/, '').split('\n');
    rest = lines.pop() ?? '';
    for (const json of lines) {
      line += 1;
      const cells = json.trim() ? readOrRefuse(() => parsed(json), refuse) : undefined;
      if (cells) yield { cells, line };
    }
  }
  line += 1;
  const cells = rest.trim() ? readOrRefuse(() => parsed(rest), refuse) : undefined;
  if (cells) yield { cells, line };
}
