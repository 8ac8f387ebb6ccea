import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { DataFileError } from './data-row.js';
import type { Candidate } from '../ranker.js';

const lineSchema = z.object({
  id: z.string().min(1),
  title: z.string().default(''),
  body: z.string().default(''),
  contactTypes: z.array(z.string()).default([]),
});

/**
 * Reads templates for a training: JSON Lines of {"id","title","body","contactTypes"}.
 *
 * @throws DataFileError at the first line that can't be read, or repeats an id
 */
export async function readTemplateFile(file: string): Promise<Candidate[]> {
  const templates = new Map<string, Candidate>();
  let line = 0;
  const input = createReadStream(file);
  const broken = new Promise<never>((_, reject) => {
    input.once('error', (error) => reject(new DataFileError(file, null, `can't be read: ${error.message}`)));
  });
  broken.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), broken]);
    if (next.done) break;
    line += 1;
    if (next.value.trim() === '') continue;
    const { id: templateId, ...text } = parseLine(next.value, file, line);
    if (templates.has(templateId)) throw new DataFileError(file, line, `duplicate template id ${templateId}`);
    templates.set(templateId, { templateId, ...text });
  }
  return [...templates.values()];
}

function parseLine(json: string, file: string, line: number): z.infer<typeof lineSchema> {
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new DataFileError(file, line, `not JSON: ${(error as Error).message}`);
  }
  const result = lineSchema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join('.') || 'line'}: ${issue.message}`);
  throw new DataFileError(file, line, issues.join('; '));
}
