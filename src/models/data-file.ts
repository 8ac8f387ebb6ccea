/**
 * Labelled tickets from a file: CSV, TSV or JSON Lines with a header, read as a stream, so that its size does not matter.
 * What can't be read is an error that names file, line and column.
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
 * @param labels `required`: a missing label column is an error; `optional`: rows then have none
 * @param refuse is told of each row that can't be read, and the next one is read; without it the first one is the end
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
    const row = orRefused(() => reader?.row(cells, line), refuse);
    if (row) yield row;
  }
  if (!reader) throw new DataFileError(file, null, 'has no rows below its header');
}

type Refuse = (error: DataFileError) => void;

const fail: Refuse = (error) => {
  throw error;
};

function orRefused<T>(read: () => T, refuse: Refuse): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DataFileError)) throw error;
    refuse(error);
    return undefined;
  }
}

async function* records(file: string, refuse: Refuse): AsyncGenerator<{ cells: Cells; line: number }> {
  const first = await beginning(file);
  const text = createReadStream(file).on('error', () => undefined);
  const checked = pipeline(text, utf8Check(file), () => undefined);
  if (first.trimStart().startsWith('{')) yield* jsonLines(checked, file, refuse);
  else yield* delimited(checked, file, { first, refuse });
}

async function beginning(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0);
      return buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '');
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new DataFileError(file, null, `can't be read: ${(error as Error).message}`);
  }
}

/** Passes whole lines on, after looking at their bytes. A decoder would put U+FFFD in silence. */
function utf8Check(file: string): Transform {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  const check = (block: Buffer): Error | null => {
    if (isUtf8(block)) {
      for (const byte of block) if (byte === 10) line += 1;
      return null;
    }
    for (const bytes of block.toString('latin1').split('\n')) {
      const valid = isUtf8(Buffer.from(bytes, 'latin1'));
      if (!valid) {
        const column = firstBroken(Buffer.from(bytes, 'latin1'));
        return new DataFileError(file, line, `column ${column}: not UTF-8; save the file as UTF-8`);
      }
      line += 1;
    }
    return new DataFileError(file, line, 'not UTF-8');
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const all = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const end = all.lastIndexOf(10) + 1;
      rest = all.subarray(end);
      const block = all.subarray(0, end);
      done(check(block), block);
    },
    flush(done) {
      done(check(rest), rest);
    },
  });
}

/** The character, from 1, at which the bytes stop being UTF-8. */
function firstBroken(bytes: Buffer): number {
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
  const parser = parse({
    bom: true,
    columns: (names: string[]) => checkedHeader(names, file),
    delimiter,
    info: true,
    // A tab-separated file has no quoting (its text can't hold a tab or a line end): "so" is a word like any other.
    ...(delimiter === '\t' ? { quote: null } : { relax_quotes: true }),
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) refuse(csvProblem(file, error));
      return undefined;
    },
  });
  try {
    for await (const entry of pipeline(source, parser, () => undefined)) {
      const { record, info } = entry as { record: Cells; info: { lines: number } };
      yield { cells: record, line: info.lines };
    }
  } catch (error) {
    throw error instanceof CsvError ? csvProblem(file, error) : error;
  }
}

function csvProblem(file: string, error: CsvError): DataFileError {
  const line = typeof error['lines'] === 'number' ? error['lines'] : null;
  const problem = /^(.*?)(?: on line \d+.*| at line \d+.*)?$/s.exec(error.message)?.[1] ?? error.message;
  return new DataFileError(file, line, problem);
}

function checkedHeader(names: string[], file: string): string[] {
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new DataFileError(file, 1, `the header has column "${twice}" twice`);
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
      throw new DataFileError(file, line, `not JSON: ${(error as Error).message}`);
    }
    throw new DataFileError(file, line, 'not a JSON object');
  };
  for await (const chunk of source.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).replace(/^\uFEFF/, '').split('\n');
    rest = lines.pop() ?? '';
    for (const json of lines) {
      line += 1;
      const cells = json.trim() ? orRefused(() => parsed(json), refuse) : undefined;
      if (cells) yield { cells, line };
    }
  }
  line += 1;
  const cells = rest.trim() ? orRefused(() => parsed(rest), refuse) : undefined;
  if (cells) yield { cells, line };
}
