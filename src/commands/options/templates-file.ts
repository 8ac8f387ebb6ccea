import { readFile } from 'node:fs/promises';
import { DataFileError } from '../../files/data-file-error.js';
import { templateFormat } from '../../files/template-rows.js';
import { decodeText } from '../../files/text-encoding.js';
import { parseTemplateFile } from '../../suggest/templates/template-import.js';
import type { ImportedTemplate } from '../../suggest/templates/template-text.js';
import { UserError } from './user-error.js';

/** Reads a file of templates. @throws UserError naming the line of everything that is wrong */
export async function readTemplates(file: string): Promise<ImportedTemplate[]> {
  const text = await readText(file);
  const { lines, problems } = parseTemplateFile(text, templateFormat(file, text));
  if (problems.length > 0) {
    const said = problems.map(({ line, message }) => `${file}:${line}: ${message}`);
    throw new UserError(`nothing was imported:\n${said.join('\n')}`);
  }
  return lines.map(({ template }) => template);
}

async function readText(file: string): Promise<string> {
  try {
    return decodeText(await readFile(file), file);
  } catch (error) {
    throw error instanceof DataFileError ? new UserError(`nothing was imported:\n${error.message}`) : error;
  }
}
