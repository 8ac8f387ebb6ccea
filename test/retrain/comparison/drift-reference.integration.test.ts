import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childEnvironment, readConfig } from '../../../src/config/config.js';
import { runTraining } from '../../../src/models/jobs/training-process.js';
import { readReference } from '../../../src/monitoring/reference/reference-file.js';
import { findBin, TicketCoder } from '../../../src/monitoring/reference/ticket-coding.js';
import { addReference } from '../../../src/retrain/comparison/model-reference.js';
import { moveAlias, registerModel } from '../../../src/suggest/versions/model-registry.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { scratchFolder, smallSample, trainingSettings } from '../../support/models.js';
import { observation } from '../../support/observations.js';

describe('a model version that has been trained', () => {
  let scratch: Awaited<ReturnType<typeof scratchFolder>>;
  let database: TestDatabase;
  let folder: string;
  let version: string;

  beforeAll(async () => {
    scratch = await scratchFolder();
    database = await freshDatabase();
    const data = await smallSample(scratch.folder, 'train', { types: 8, each: 40 });
    const { STORE_DIR: cacheDir, ENCODER_DIR } = readConfig();
    const encoderDir = ENCODER_DIR ?? join(cacheDir, 'all-MiniLM-L6-v2');
    const settings = trainingSettings(scratch.folder, data, 'version');
    const order = { worker: { encoderDir, cacheDir, device: 'cpu' as const }, settings };
    ({ version } = await runTraining(order, childEnvironment(), () => undefined));
    folder = settings.out;
  });
  afterAll(async () => {
    await database.drop();
    await scratch.remove();
  });

  test('can not be put into service before it has a reference', async () => {
    await expect(registerModel(database.source.manager, folder)).rejects.toThrow(
      `model version ${version} has no reference.json; train it again to create one`,
    );
    await expect(moveAlias(database.source.manager, 'champion', version, 'test')).rejects.toThrow(
      `model version ${version} does not exist`,
    );
    await expect(readReference(folder)).rejects.toThrow(`${folder} has no drift reference`);
  });

  test('is given one, without what the tickets said, and nothing else is left of them', async () => {
    await addReference(folder, 1);
    const left = await readdir(folder);
    expect(left).not.toContain('held-out.jsonl');
    const text = await readFile(join(folder, 'reference.json'), 'utf8');
    expect(text).not.toMatch(/card arriv|my card|line:\d/);
    expect(await registerModel(database.source.manager, folder)).toBe(version);
    await moveAlias(database.source.manager, 'champion', version, 'test');
  });

  test('knows its templates, how sure it was of tickets it had not seen, and where their embeddings lie', async () => {
    const reference = await readReference(folder);
    const { coding, counts } = reference;
    const at = coding.measures.findIndex(({ signal }) => signal === 'template');
    const measure = coding.measures[at];
    expect(measure?.names).toHaveLength(8);
    expect(counts[0]?.[at]?.reduce((a, b) => a + b, 0)).toBe(reference.rows);
    const [, right = 0] = reference.outcomes.accuracy?.counts ?? [];
    // On training tickets, nearly all would be right.
    expect(right / reference.tickets).toBeGreaterThan(0.8);
    expect(right).toBeLessThan(reference.tickets);
    const coded = new TicketCoder(coding).code(observation({ ranking: [{ templateId: 'no-such', probability: 1 }] }));
    expect(measure && findBin(measure, coded.values[at] ?? NaN)).toBe((measure?.names.length ?? 0) + 1);
    expect(coding.space?.size).toBe(384);
  });

  test('is no longer watched where its reference is broken, and that is said', async () => {
    await rm(join(folder, 'reference.safetensors'));
    await expect(readReference(folder)).rejects.toThrow(/has no drift reference/);
  });
});
