/** The templates of a file to import, with the line of every error. */
import { readTemplateRows, type LineProblem } from '../../files/template-rows.js';
import { importedTemplateSchema, type ImportedTemplate } from './template-text.js';

export const importFormats = ['jsonl', 'csv'] as const;
export type ImportFormat = (typeof importFormats)[number];

export interface ImportLine {
  /** From 1; of a row over several lines, the first */
  line: number;
  template: ImportedTemplate;
}

export type ImportProblem = LineProblem;

export interface ImportFile {
  lines: ImportLine[];
  problems: ImportProblem[];
}

const columns = ['id', 'title', 'body', 'contactTypes', 'state', 'mergedInto'];
const required = ['id', 'title', 'body'];

/** Reads the whole file, so that all errors are reported at once. */
export function parseTemplateFile(text: string, format: ImportFormat): ImportFile {
  const { rows, problems } = readTemplateRows(text, format, { columns, required });
  const file: ImportFile = { lines: [], problems };
  const lineById = new Map<string, number>();
  for (const { line, value } of rows) {
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
  file.problems.sort((a, b) => a.line - b.line);
  return file;
}
