import { join, resolve } from 'node:path';
import { readDataFile } from '../../models/dataset/data-file.js';
import type { DataRow } from '../../models/dataset/data-row.js';
import { readTemplates } from '../options/templates-file.js';
import type { ImportedTemplate } from '../../suggest/templates/template-text.js';

/** The sample: Banking77's tickets, and a reply template for each of its 77 contact types. */
const folder = resolve(import.meta.dirname, '../../../../samples/banking77');

/** Sources of the sample's tickets in the database. */
export const historySource = 'sample-history';
export const liveSource = 'sample';

export interface LabelledText extends DataRow {
  /** The template that is right for it. */
  templateId: string;
}

export const sampleTemplates = (): Promise<ImportedTemplate[]> => readTemplates(join(folder, 'templates.jsonl'));

/** The answered tickets that a first model learns from. */
export const sampleHistory = (): Promise<LabelledText[]> => readLabelled('train.tsv');

/** Tickets that no model has seen. */
export const sampleTickets = (): Promise<LabelledText[]> => readLabelled('test.tsv');

async function readLabelled(file: string): Promise<LabelledText[]> {
  const templates = await sampleTemplates();
  const templateOf = new Map(
    templates.flatMap(({ id, contactTypes }) => contactTypes.map((type) => [type, id] as const)),
  );
  const rows: LabelledText[] = [];
  for await (const row of readDataFile(join(folder, file), { label: 'category', redaction: 'none' })) {
    const templateId = templateOf.get(row.label ?? '');
    if (templateId === undefined) throw new Error(`${file}:${row.line}: no template answers ${row.label}`);
    // The same in history and live: what a model was trained for has to look like what comes.
    rows.push({ ...row, channel: 'chat', language: 'en', contactType: row.label, label: templateId, templateId });
  }
  return rows;
}
