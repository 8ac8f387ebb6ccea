/** A team whose champion has learned from its history: trained once for the whole run, copied for every other test file. */
import { existsSync } from 'node:fs';
import { cp, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

import { trainFromLabels, trainingSettings } from '../../src/retrain/runs/train-from-labels.js';
import { withLock } from '../../src/setup/lock.js';
import { registerModel } from '../../src/suggest/versions/model-registry.js';
import type { TestApp } from './app.js';
import { importSampleHistory, type HistoryPart } from './history.js';

/**
 * Imports the history and registers the version that learns from it; whether it becomes the champion is for the test to say.
 *
 * @returns the version, in `MODEL_DIR`
 */
export async function trainedVersion(team: TestApp, history: HistoryPart): Promise<string> {
  const { MODEL_DIR } = team.config;
  await importSampleHistory(team.dataSource, MODEL_DIR, history);
  const { types, each, source } = history;
  // Ids of imported tickets are made of their text: the same history is the same for every team.
  const kept = join(inject('runDir'), `model-${types}-${each}-${source}`);
  return withLock(`${kept}.lock`, async () => {
    if (existsSync(kept)) return copied(team, kept);
    const training = { ...trainingSettings(team.config), signal: new AbortController().signal };
    const { version } = await trainFromLabels(team.dataSource, training, () => undefined);
    await cp(join(MODEL_DIR, version), join(`${kept}.new`, version), { recursive: true });
    await rename(`${kept}.new`, kept);
    return version;
  });
}

async function copied({ config, dataSource }: TestApp, kept: string): Promise<string> {
  const [version = ''] = await readdir(kept);
  await cp(join(kept, version), join(config.MODEL_DIR, version), { recursive: true });
  await registerModel(dataSource.manager, join(config.MODEL_DIR, version));
  return version;
}
