import { fork } from 'node:child_process';
import type { ModelDescription } from './model-folder.js';
import type { ModelWorkerSettings } from './model-protocol.js';
import type { TrainingProgress, TrainingSettings } from './train-model.js';
import { trainWorkerFile } from './worker-files.js';

export interface TrainingOrder {
  worker: ModelWorkerSettings;
  settings: TrainingSettings;
}

export type TrainingMessage =
  | { kind: 'device'; device: 'cpu' | 'gpu' }
  | { kind: 'progress'; phase: string; done: number | null; note: string | undefined }
  | { kind: 'done'; model: ModelDescription }
  | { kind: 'failed'; name: string; message: string };

/** A training ended without a model; the message says why, and with bad data file and line. */
export class TrainingFailed extends Error {
  override readonly name = 'TrainingFailed';
}

/**
 * Trains in a process of its own, at low priority: TensorFlow blocks the thread that it runs on.
 *
 * @param signal ends the training; nothing of it is left that could be taken for a model
 * @throws TrainingFailed
 */
export async function runTraining(
  order: TrainingOrder,
  environment: NodeJS.ProcessEnv,
  onProgress: TrainingProgress,
  signal?: AbortSignal,
): Promise<ModelDescription> {
  const child = fork(trainWorkerFile, {
    serialization: 'advanced',
    env: environment,
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const abort = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await new Promise<ModelDescription>((resolve, reject) => {
      child.on('message', (message: TrainingMessage) => {
        if (message.kind === 'done') resolve(message.model);
        else if (message.kind === 'failed') reject(new TrainingFailed(message.message));
        else if (message.kind === 'progress') void onProgress(message.phase, message.done, message.note);
      });
      child.once('error', (error) => reject(new TrainingFailed(`the training could not be started: ${error.message}`)));
      child.once('exit', (code, by) => {
        reject(
          new TrainingFailed(
            signal?.aborted
              ? 'the training was stopped'
              : `the training process ended with ${by ?? `exit code ${code}`}`,
          ),
        );
      });
      child.send(order, (error) => {
        if (error) reject(new TrainingFailed(`the training could not be started: ${error.message}`));
      });
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    if (child.connected) child.disconnect();
  }
}
