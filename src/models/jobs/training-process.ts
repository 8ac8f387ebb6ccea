import { JobDied, JobFailed, runJob, type JobOrder } from './job-process.js';
import { type JobProgress } from '../training/progress.js';
import type { ModelDescription } from '../versions/model-folder.js';
import type { TrainingSettings } from '../training/training-settings.js';
import { trainWorkerFile } from './worker-files.js';

export type TrainingOrder = JobOrder<TrainingSettings>;

/** A training ended without a model; the message has the reason, and for bad data file and line. */
export class TrainingFailed extends JobFailed {
  override readonly name = 'TrainingFailed';
}

/**
 * Trains in its own process at low priority: TensorFlow blocks the thread that it runs on.
 *
 * @param signal ends the training; no partial model is left
 * @throws TrainingFailed
 * @throws JobDied where its process was killed
 */
export async function runTraining(
  order: TrainingOrder,
  environment: NodeJS.ProcessEnv,
  onProgress: JobProgress,
  signal?: AbortSignal,
): Promise<ModelDescription> {
  try {
    return await runJob({ name: 'training', workerFile: trainWorkerFile, order, environment, onProgress, signal });
  } catch (error) {
    throw error instanceof JobFailed && !(error instanceof JobDied) ? new TrainingFailed(error.message) : error;
  }
}
