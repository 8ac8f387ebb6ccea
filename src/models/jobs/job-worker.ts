/** Runs inside a job's process: does the work, and reports progress and result to the parent. */
import { setPriority, constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Encoder } from '../encoder/encoder.js';
import type { JobMessage, JobOrder } from './job-process.js';
import type { JobProgress } from '../training/progress.js';
import { loadTensorflow, type Device, type Tensorflow } from '../tensors/tensorflow.js';

export interface JobTools {
  tf: Tensorflow;
  device: Device;
  encoder: Encoder;
}

type Work<Settings, Result> = (tools: JobTools, settings: Settings, onProgress: JobProgress) => Promise<Result>;

/**
 * Ends this process when its parent has died. A thread of its own looks, because TensorFlow keeps this one busy: the training
 * of a service that was killed would go on for minutes beside the next one.
 */
function endWithParent(): void {
  const watch = `const { workerData } = require('node:worker_threads');
    setInterval(() => process.ppid === workerData || process.kill(process.pid, 'SIGKILL'), 250);`;
  new Worker(watch, { eval: true, execArgv: [], workerData: process.ppid }).unref();
}

export function serveJob<Settings, Result>(work: Work<Settings, Result>): void {
  const send = (message: JobMessage<Result>): void => void process.send?.(message);
  const run = async ({ worker, settings }: JobOrder<Settings>): Promise<void> => {
    try {
      // What serves tickets on the same machine comes first.
      setPriority(constants.priority.PRIORITY_LOW);
      const { tf, device } = await loadTensorflow(worker.device);
      send({ kind: 'device', device });
      const encoder = await Encoder.open(tf, worker.encoderDir, worker.cacheDir);
      const result = await work({ tf, device, encoder }, settings, async (phase, done, note, curves) => {
        send({ kind: 'progress', phase, done, note, curves });
        // Lets the message out: the next step keeps this thread busy.
        await new Promise((resolve) => setImmediate(resolve));
      });
      send({ kind: 'done', result });
    } catch (error) {
      const { name, message, stack } = error as Error;
      send({ kind: 'failed', message: name === 'Error' || name === 'TypeError' ? (stack ?? message) : message });
    }
    process.disconnect();
  };
  endWithParent();
  process.once('message', (order: JobOrder<Settings>) => void run(order));
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => process.exit());
}
