/**
 * Trains a model on rows and ranks other rows with it. Models and rankings are cached between runs.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { childEnvironment, readConfig } from '../../src/config/config.js';
import { ModelProcess } from '../../src/models/serving/model-process.js';
import type { FieldValue, RankInput, Ranking } from '../../src/models/ranker.js';
import { runTraining } from '../../src/models/jobs/training-process.js';
import { modelWorkerFile } from '../../src/models/jobs/worker-files.js';
import { setUp } from '../../src/setup/setup.js';
import { benchDir, log } from './service.js';

/** A ticket with its correct template; null if no template fits. */
export interface TicketRow {
  text: string;
  templateId: string | null;
  channel?: string;
  language?: string;
  fields?: Record<string, FieldValue>;
}

const cacheFolder = (...parts: unknown[]): string =>
  join(benchDir, 'observed', createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16));

const inputOf = ({ text, channel, language, fields }: TicketRow): RankInput => ({
  subject: '',
  body: text,
  channel: channel ?? null,
  language: language ?? null,
  contactType: null,
  fields: fields ?? {},
});

async function workerSettings() {
  const { STORE_DIR: storeDir, TENSORFLOW: tensorflow } = readConfig();
  const ready = await setUp({ storeDir, tensorflow, kafka: false, postgres: false }, log);
  return {
    settings: { encoderDir: ready.encoderDir, cacheDir: storeDir, device: ready.flavour },
    environment: childEnvironment(ready.environment),
  };
}

/** Trains on the rows, or returns the cached model. @returns the model's folder */
export async function cachedModel(rows: readonly TicketRow[], seed = 1): Promise<string> {
  const folder = cacheFolder('model', rows, seed);
  const out = join(folder, 'model');
  if (existsSync(out)) return out;
  mkdirSync(folder, { recursive: true });
  log(`bench: training on ${rows.length} tickets`);
  const data = join(folder, 'train.jsonl');
  const fields = Object.keys(rows[0]?.fields ?? {});
  writeFileSync(
    data,
    rows
      .map(({ text, templateId, channel, language, fields: values }) =>
        JSON.stringify({ text, template: templateId, channel, language, ...values }),
      )
      .join('\n') + '\n',
  );
  const worker = await workerSettings();
  await runTraining(
    {
      worker: worker.settings,
      settings: {
        data,
        columns: { fields },
        templates: null,
        out,
        seed,
        precision: 0.5,
        coverage: 0.97,
        knownContactType: false,
        cacheDir: join(benchDir, 'cache'),
      },
    },
    worker.environment,
    () => undefined,
  );
  return out;
}

/** The model's ranking of each row, in order, cached. */
export async function cachedRankings(model: string, rows: readonly TicketRow[]): Promise<Ranking[]> {
  const folder = cacheFolder('ranked', model, rows);
  const file = join(folder, 'rankings.bin');
  if (existsSync(file)) return deserialize(readFileSync(file)) as Ranking[];
  mkdirSync(folder, { recursive: true });
  log(`bench: ranking ${rows.length} tickets`);
  const worker = await workerSettings();
  const ranker = new ModelProcess({
    ...worker,
    workerFile: modelWorkerFile,
    maxBatch: 512,
    maxWaitMs: 0,
    maxQueue: 1_000_000,
  });
  await ranker.start();
  await ranker.activate(model, model);
  const answers = await ranker.rank(rows.map(inputOf));
  await ranker.stop();
  const rankings = answers.map(({ ranking }) => ranking);
  writeFileSync(file, serialize(rankings));
  return rankings;
}
