import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstTraining } from '../src/commands/serve.js';
import { importHistory } from '../src/ingest/history-import.js';
import { readDataFile } from '../src/models/data-file.js';
import { loadModel } from '../src/models/model-folder.js';
import { FirstModel } from '../src/retrain/first-model.js';
import { importTemplates } from '../src/suggest/templates.service.js';
import { wantedModel } from '../src/suggest/wanted-model.js';
import { model } from './support/app.js';
import { freshDatabase, type TestDatabase } from './support/database.js';
import { testConfig, waitFor } from './support/kafka.js';
import { scratchFolder, smallSample } from './support/models.js';

describe('a team that has imported its history', () => {
  let database: TestDatabase;
  let scratch: Awaited<ReturnType<typeof scratchFolder>>;
  beforeAll(async () => {
    database = await freshDatabase();
    scratch = await scratchFolder();
  });
  afterAll(async () => {
    await database.drop();
    await scratch.remove();
  });

  async function load(each: number): Promise<void> {
    const file = await smallSample(scratch.folder, 'train', { types: 6, each });
    const lines = (await readFile(file, 'utf8')).trim().split('\n').slice(1);
    const ids = [...new Set(lines.map((line) => line.split('\t')[1] ?? ''))];
    const templates = ids.map((id) => ({ id, title: id, body: id, contactTypes: [], state: 'allowed' as const }));
    await database.source.transaction((manager) => importTemplates(manager, templates, { actor: 'test' }));
    const rows = readDataFile(file, { label: 'category' });
    const options = { source: `history-${each}`, sample: false, now: new Date() };
    await importHistory(database.source, rows, options, () => undefined);
  }

  test('gets its first model by itself, once there is enough to learn from, and only one from two replicas', async () => {
    const config = {
      ...testConfig(database.url, { MODEL_DIR: scratch.folder, MODEL_FIELDS: 'country' }),
      ...(await model()),
    };
    const said: string[] = [];
    const replicas = [1, 2].map(
      () => new FirstModel(database.source, firstTraining(config), (line) => void said.push(line)),
    );
    await load(5);
    await Promise.all(replicas.map((replica) => replica.look()));
    expect(said).toEqual([]);
    await load(20);
    await Promise.all(replicas.map((replica) => replica.look()));
    await waitFor('a champion', async () => (await wantedModel(database.source.manager)).folder !== null);
    await Promise.all(replicas.map((replica) => replica.stop()));
    const versions: { version: string }[] = await database.source.query('SELECT version FROM model_versions');
    expect(versions).toHaveLength(1);
    const { description, trainedOn } = await loadModel(`${scratch.folder}/${versions[0]?.version ?? ''}`);
    expect(description.classes).toHaveLength(6);
    expect(trainedOn.length).toBeGreaterThan(100);
    expect(said.at(-1)).toMatch(/ranks from now on/);
  });
});
