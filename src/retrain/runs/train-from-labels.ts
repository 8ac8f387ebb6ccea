/** Trains a model version from the labels in the database. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { childEnvironment, type Config, type ServiceConfig } from '../../config/config.js';
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
  /** Training rows by ticket id, 0 for missing ones; without it, one row each */
  copies?: ReadonlyMap<number, number>;
  /** Name of the working folder in MODEL_DIR; leftovers of a killed training in it are deleted first */
  work?: string;
}

/** What a training needs of the service's configuration. */
export function trainingSettings(
  config: ServiceConfig,
): Pick<LabelTraining, 'worker' | 'seed'> & { config: ServiceConfig } {
  const { ENCODER_DIR: encoderDir, STORE_DIR: cacheDir, tensorflow } = config;
  const settings = { encoderDir, cacheDir, device: tensorflow.device };
  return { config, worker: { settings, environment: childEnvironment(tensorflow.environment) }, seed };
}

const seed = 1;
const precision = 0.5;
const coverage = 0.97;

const workFolderPrefix = '.training-';
const maxTrainingMs = 86_400_000;

/**
 * Trains on all labels, or on those in `copies`, and registers the version. The caller decides whether it becomes the champion.
 *
 * @returns the new version's description; its folder is `MODEL_DIR/version`
 * @throws TrainingFailed with the reason
 */
export async function trainFromLabels(
  dataSource: DataSource,
  training: LabelTraining,
  onProgress: JobProgress,
): Promise<ModelDescription> {
  const { config, worker, signal, copies } = training;
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
      columns: { noneLabel, fields, redaction: 'none' as const },
      seed: training.seed,
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
    // Ticket texts must not remain on disk.
    await rm(work, { recursive: true, force: true });
  }
}

/** Deletes ticket texts that a killed training has left. Recent folders are kept: another process may be training. */
export async function removeAbandoned(modelDir: string, now: Date): Promise<void> {
  for (const name of await readdir(modelDir).catch(() => [])) {
    if (!name.startsWith(workFolderPrefix)) continue;
    const folder = join(modelDir, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Infinity }));
    if (now.getTime() - mtimeMs > maxTrainingMs) await rm(folder, { recursive: true, force: true });
  }
}
