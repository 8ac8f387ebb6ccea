/** A model version from the labels in the database. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { Config } from '../../config/config.js';
import type { ModelWorkerSettings } from '../../models/serving/model-protocol.js';
import type { ModelDescription } from '../../models/versions/model-folder.js';
import type { JobProgress } from '../../models/training/progress.js';
import { isFeature } from '../../models/features/field-features.js';
import { runTraining } from '../../models/jobs/training-process.js';
import { addReference } from '../comparison/model-reference.js';
import { reportToMlflow } from './mlflow.js';
import { registerModel } from '../../suggest/versions/model-registry.js';
import { noneLabel, writeTemplates, writeTrainingSet } from '../labels/training-set.js';

export interface LabelTraining {
  config: Pick<Config, 'MODEL_DIR' | 'MODEL_FIELDS' | 'MLFLOW_TRACKING_URI'>;
  worker: { settings: ModelWorkerSettings; environment: NodeJS.ProcessEnv };
  seed: number;
  signal: AbortSignal;
  /** Lines of each ticket, none of one that is not there; one of each where it is not given */
  copies?: ReadonlyMap<number, number>;
  /** Name of the folder it works in, below MODEL_DIR: what a killed training has left there is removed first */
  work?: string;
}

const precision = 0.5;
const coverage = 0.97;

const workFolderPrefix = '.training-';
const maxTrainingMs = 86_400_000;

/**
 * Trains on every label, or on those that `copies` names, and registers the version; who calls decides whether it becomes the champion.
 *
 * @returns the new version's description; its folder is `MODEL_DIR/version`
 * @throws TrainingFailed saying why
 */
export async function trainFromLabels(
  dataSource: DataSource,
  training: LabelTraining,
  onProgress: JobProgress,
): Promise<ModelDescription> {
  const { config, worker, seed, signal, copies } = training;
  await removeAbandoned(config.MODEL_DIR, new Date());
  const work = join(config.MODEL_DIR, training.work ?? `${workFolderPrefix}${process.pid}-${Date.now()}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true, mode: 0o700 });
  try {
    const [data, templates, out] = [join(work, 'tickets.jsonl'), join(work, 'templates.jsonl'), join(work, 'model')];
    const fields = config.MODEL_FIELDS.filter(isFeature);
    await writeTrainingSet(dataSource, data, { fields, ...(copies && { copies }) });
    await writeTemplates(dataSource, templates);
    const settings = {
      data,
      templates,
      out,
      columns: { noneLabel, fields },
      seed,
      precision,
      coverage,
      knownContactType: false,
      cacheDir: join(config.MODEL_DIR, 'cache'),
    };
    const order = { worker: worker.settings, settings };
    const model = await runTraining(order, worker.environment, onProgress, signal);
    await onProgress('making the drift reference', null);
    await addReference(out, model.seed, signal);
    const folder = join(config.MODEL_DIR, model.version);
    await rename(out, folder);
    await registerModel(dataSource.manager, folder);
    if (config.MLFLOW_TRACKING_URI !== undefined) {
      const problem = await reportToMlflow(config.MLFLOW_TRACKING_URI, folder);
      if (problem !== null) process.emitWarning(problem);
    }
    return model;
  } finally {
    // The tickets' texts do not stay behind.
    await rm(work, { recursive: true, force: true });
  }
}

/** Removes the tickets' texts that a killed training has left behind. Another process may be at a training right now. */
export async function removeAbandoned(modelDir: string, now: Date): Promise<void> {
  for (const name of await readdir(modelDir).catch(() => [])) {
    if (!name.startsWith(workFolderPrefix)) continue;
    const folder = join(modelDir, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Infinity }));
    if (now.getTime() - mtimeMs > maxTrainingMs) await rm(folder, { recursive: true, force: true });
  }
}
