/** A job with TensorFlow in its own process: TensorFlow blocks the thread that it runs on. */
import { forkWorker } from '../../processes/fork-worker.js';
import type { ModelWorkerSettings } from '../serving/model-protocol.js';
import { Curve, JobProgress } from '../training/progress.js';

export interface JobOrder<Settings> {
  worker: ModelWorkerSettings;
  settings: Settings;
}

export type JobMessage<Result> =
  | { kind: 'device'; device: 'cpu' | 'gpu' }
  | { kind: 'progress'; phase: string; done: number | null; note: string | undefined; curves: Curve[] | undefined }
  | { kind: 'done'; result: Result }
  | { kind: 'failed'; message: string };

export interface Job<Settings> {
  /** Name in messages, such as `training` */
  name: string;
  workerFile: string;
  order: JobOrder<Settings>;
  environment: NodeJS.ProcessEnv;
  onProgress: JobProgress;
  /** Ends the process */
  signal?: AbortSignal | undefined;
}

/** A job ended without a result; the message has the reason, and for bad data file and line. */
export class JobFailed extends Error {
  override readonly name: string = 'JobFailed';
}

/** The job's process was killed, by the kernel for memory or by hand: a retry can succeed. */
export class JobDied extends JobFailed {
  override readonly name = 'JobDied';
}

/** @throws JobFailed */
export async function runJob<Settings, Result>(job: Job<Settings>): Promise<Result> {
  const { name, signal } = job;
  // One that is aborted already fires no event any more.
  if (signal?.aborted) throw new JobFailed(`the ${name} was stopped`);
  const child = forkWorker(job.workerFile, { environment: job.environment, signal });
  try {
    return await new Promise<Result>((resolve, reject) => {
      const fail = (reason: string): void => reject(new JobFailed(reason));
      child.on('message', (message: JobMessage<Result>) => {
        if (message.kind === 'done') resolve(message.result);
        else if (message.kind === 'failed') fail(message.message);
        else if (message.kind === 'progress') {
          void job.onProgress(message.phase, message.done, message.note, message.curves);
        }
      });
      child.once('error', (error) => fail(`the ${name} could not be started: ${error.message}`));
      child.once('exit', (code, by) => {
        if (signal?.aborted) fail(`the ${name} was stopped`);
        else reject(new JobDied(`the ${name} process ended with ${by ?? `exit code ${code}`}`));
      });
      child.send(job.order, (error) => {
        if (error) fail(`the ${name} could not be started: ${error.message}`);
      });
    });
  } finally {
    if (child.connected) child.disconnect();
  }
}
