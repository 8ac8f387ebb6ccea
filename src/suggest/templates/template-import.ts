/** The one parser of template files: JSON Lines or CSV, with the line of every error. */
import { CsvError, parse } from 'csv-parse/sync';
import { importedTemplateSchema, type ImportedTemplate } from './template-text.js';

export const importFormats = ['jsonl', 'csv'] as const;
export type ImportFormat = (typeof importFormats)[number];

export interface ImportLine {
  /** From 1; of a row over several lines, the first */
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

/** Reads the whole file, so that all errors are reported at once. */
export function parseTemplateFile(text: string, format: ImportFormat): ImportFile {
  const file: ImportFile = { lines: [], problems: [] };
  const lineById = new Map<string, number>();
  for (const { line, value } of parseRows(text.replace(/^\uFEFF/, ''), format, file.problems)) {
    const result = importedTemplateSchema.safeParse(value);
    if (!result.success) {
      const messages = result.error.issues.map((issue) => `${issue.path.join('.') || 'line'}: ${issue.message}`);
      file.problems.push({ line, message: messages.join('; ') });
      continue;
    }
    const { id } = result.data;
    const earlier = lineById.get(id);
    if (earlier !== undefined) {
      file.problems.push({ line, message: `id ${id} is already used in line ${earlier}` });
      continue;
    }
    lineById.set(id, line);
    file.lines.push({ line, template: result.data });
  }
  return file;
}

function parseRows(text: string, format: ImportFormat, problems: ImportProblem[]): Row[] {
  return format === 'csv' ? parseCsv(text, problems) : parseJsonLines(text);
}

function parseJsonLines(text: string): Row[] {
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

/** The first row has the column names; contact types are separated by `|`; empty cells are ignored. */
function parseCsv(text: string, problems: ImportProblem[]): Row[] {
  const header = text.split(/\r?\n/, 1)[0] ?? '';
  const delimiter = ['\t', ';'].find((separator) => header.includes(separator) && !header.includes(',')) ?? ',';
  const options = { delimiter, info: true, raw: true, skip_empty_lines: true, trim: true, columns: checkHeader };
  try {
    const records = parse(text, options) as unknown as {
      record: Record<string, string>;
      raw: string;
      info: { lines: number };
    }[];
    return records.map(({ record, raw, info }) => ({
      line: info.lines - (raw.trimEnd().split('\n').length - 1),
      value: parseCells(record),
    }));
  } catch (error) {
    if (error instanceof CsvError)
      problems.push({ line: (error as { lines?: number }).lines ?? 1, message: error.message });
    else if (error instanceof HeaderError) problems.push({ line: 1, message: error.message });
    else throw error;
    return [];
  }
}

class HeaderError extends Error {}

function checkHeader(names: string[]): string[] {
  const errors = [
    ...['id', 'title', 'body'].filter((name) => !names.includes(name)).map((name) => `column ${name} is missing`),
    ...names
      .filter((name) => !columns.includes(name))
      .map((name) => `column “${name}” must be one of ${columns.join(', ')}`),
  ];
  if (errors.length > 0) throw new HeaderError(errors.join('; '));
  return names;
}

function parseCells({ contactTypes = '', ...cells }: Record<string, string>): object {
  const filled = Object.entries(cells).filter(([, cell]) => cell !== '');
  const types = contactTypes
    .split('|')
    .map((type) => type.trim())
    .filter((type) => type !== '');
  return { ...Object.fromEntries(filled), contactTypes: types };
}
