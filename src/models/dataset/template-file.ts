import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DataFileError } from '../../files/data-file-error.js';
import { readTemplateRows, templateFormat } from '../../files/template-rows.js';
import { decodeText } from '../../files/text-encoding.js';
import type { Candidate } from '../ranker.js';

const lineSchema = z.object({
  id: z.string().min(1),
  title: z.string().default(''),
  body: z.string().default(''),
  contactTypes: z.array(z.string()).default([]),
});

/** Columns of an import that a training does not use are accepted: the same file serves both. */
const columns = ['id', 'title', 'body', 'contactTypes', 'state', 'mergedInto'];

/**
 * Reads templates for a training: JSON Lines of {"id","title","body","contactTypes"}, or CSV with these columns.
 *
 * @throws DataFileError at the first line that can't be read, or repeats an id
 */
export async function readTemplateFile(file: string): Promise<Candidate[]> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new DataFileError(file, null, `can't be read: ${(error as Error).message}`);
  });
  const text = decodeText(bytes, file);
  const { rows, problems } = readTemplateRows(text, templateFormat(file, text), { columns, required: ['id'] });
  const [problem] = problems;
  if (problem) throw new DataFileError(file, problem.line, problem.message);
  const templates = new Map<string, Candidate>();
  for (const { line, value } of rows) {
    const { id: templateId, ...text } = checkLine(value, file, line);
    if (templates.has(templateId)) throw new DataFileError(file, line, `duplicate template id ${templateId}`);
    templates.set(templateId, { templateId, ...text });
  }
  return [...templates.values()];
}

function checkLine(value: unknown, file: string, line: number): z.infer<typeof lineSchema> {
  const result = lineSchema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join('.') || 'line'}: ${issue.message}`);
  throw new DataFileError(file, line, issues.join('; '));
}
