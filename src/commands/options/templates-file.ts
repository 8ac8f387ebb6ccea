import { readFile } from 'node:fs/promises';
import { parseTemplateFile } from '../../suggest/templates/template-import.js';
import type { ImportedTemplate } from '../../suggest/templates/template-text.js';
import { UserError } from './user-error.js';

/** Reads a file of templates. @throws UserError naming the line of everything that is wrong */
export async function readTemplates(file: string): Promise<ImportedTemplate[]> {
  const text = await readFile(file, 'utf8');
  const { lines, problems } = parseTemplateFile(text, /\.(csv|tsv)$/i.test(file) ? 'csv' : 'jsonl');
  if (problems.length > 0) {
    const said = problems.map(({ line, message }) => `${file}:${line}: ${message}`);
    throw new UserError(`nothing was imported:\n${said.join('\n')}`);
  }
  return lines.map(({ template }) => template);
}
