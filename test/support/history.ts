/** A team with templates and imported history, taken from the sample. */
import { readFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { importHistory } from '../../src/ingest/history-import.js';
import { readDataFile } from '../../src/models/dataset/data-file.js';
import { importTemplates } from '../../src/suggest/templates/templates.service.js';
import { smallSample } from './models.js';

export interface HistoryPart {
  types: number;
  each: number;
  source: string;
  /** When it is said to have come */
  now?: Date;
}

/** Imports so many tickets of each of the first contact types, with a template for each type. */
export async function importSampleHistory(
  dataSource: DataSource,
  folder: string,
  { types, each, source, now = new Date() }: HistoryPart,
): Promise<void> {
  const file = await smallSample(folder, 'train', { types, each });
  const lines = (await readFile(file, 'utf8')).trim().split('\n').slice(1);
  const ids = [...new Set(lines.map((line) => line.split('\t')[1] ?? ''))];
  const templates = ids.map((id) => ({ id, title: id, body: id, contactTypes: [], state: 'allowed' as const }));
  await dataSource.transaction((manager) => importTemplates(manager, templates, { actor: 'test' }));
  await importHistory(
    dataSource,
    readDataFile(file, { label: 'category' }),
    { source, sample: false, redaction: 'standard' as const, now },
    () => undefined,
  );
}
