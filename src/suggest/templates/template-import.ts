/** A file of templates as people write them: what each line says, and what is wrong with which line. */
import { CsvError, parse } from 'csv-parse/sync';
import { importedTemplateSchema, type ImportedTemplate } from './template-text.js';

export const importFormats = ['jsonl', 'csv'] as const;
export type ImportFormat = (typeof importFormats)[number];

export interface ImportLine {
  /** From 1; of a row that goes on over several lines, the first */
  line: number;
  template: ImportedTemplate;
}

export interface ImportProblem {
  line: number;
  message: string;
}

export interface ImportFile {
  lines: ImportLine[];
  problems: ImportProblem[];
}

interface Row {
  line: number;
  value: unknown;
}

/** Reads all of it, so that everything that is wrong is said at once. */
export function readImport(text: string, format: ImportFormat): ImportFile {
  const file: ImportFile = { lines: [], problems: [] };
  const lineOfId = new Map<string, number>();
  for (const { line, value } of rowsOf(text.replace(/^\uFEFF/, ''), format, file.problems)) {
    const result = importedTemplateSchema.safeParse(value);
    if (!result.success) {
      const said = result.error.issues.map((issue) => `${issue.path.join('.') || 'line'}: ${issue.message}`);
      file.problems.push({ line, message: said.join('; ') });
      continue;
    }
    const { id } = result.data;
    const earlier = lineOfId.get(id);
    if (earlier !== undefined) {
      file.problems.push({ line, message: `id ${id} stands in line ${earlier} already` });
      continue;
    }
    lineOfId.set(id, line);
    file.lines.push({ line, template: result.data });
  }
  return file;
}

function rowsOf(text: string, format: ImportFormat, problems: ImportProblem[]): Row[] {
  return format === 'csv' ? csvRows(text, problems) : jsonRows(text);
}

function jsonRows(text: string): Row[] {
  return text
    .split(/\r?\n/)
    .map((json, index) => ({ line: index + 1, json }))
    .filter(({ json }) => json.trim() !== '')
    .map(({ line, json }) => ({ line, value: parseJson(json) }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const columns = ['id', 'title', 'body', 'contactTypes', 'state', 'mergedInto'];

/** A header names the columns; contact types are parted by `|`; an empty cell says nothing. */
function csvRows(text: string, problems: ImportProblem[]): Row[] {
  const header = text.split(/\r?\n/, 1)[0] ?? '';
  const delimiter = ['\t', ';'].find((one) => header.includes(one) && !header.includes(',')) ?? ',';
  const options = { delimiter, info: true, raw: true, skip_empty_lines: true, trim: true, columns: checkedHeader };
  try {
    const records = parse(text, options) as unknown as {
      record: Record<string, string>;
      raw: string;
      info: { lines: number };
    }[];
    return records.map(({ record, raw, info }) => ({
      line: info.lines - (raw.trimEnd().split('\n').length - 1),
      value: ofCells(record),
    }));
  } catch (error) {
    if (error instanceof CsvError)
      problems.push({ line: (error as { lines?: number }).lines ?? 1, message: error.message });
    else if (error instanceof HeaderProblem) problems.push({ line: 1, message: error.message });
    else throw error;
    return [];
  }
}

class HeaderProblem extends Error {}

function checkedHeader(names: string[]): string[] {
  const said = [
    ...['id', 'title', 'body'].filter((name) => !names.includes(name)).map((name) => `there is no column ${name}`),
    ...names
      .filter((name) => !columns.includes(name))
      .map((name) => `the column “${name}” is none of ${columns.join(', ')}`),
  ];
  if (said.length > 0) throw new HeaderProblem(said.join('; '));
  return names;
}

function ofCells({ contactTypes = '', ...cells }: Record<string, string>): object {
  const given = Object.entries(cells).filter(([, cell]) => cell !== '');
  const types = contactTypes
    .split('|')
    .map((type) => type.trim())
    .filter((type) => type !== '');
  return { ...Object.fromEntries(given), contactTypes: types };
}
