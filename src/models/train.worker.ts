/** The training process: one training, its progress and its end reported to the parent. */
import { setPriority, constants } from 'node:os';
import { Encoder } from './encoder.js';
import { loadTensorflow } from './tensorflow.js';
import { trainModel } from './train-model.js';
import type { TrainingMessage, TrainingOrder } from './training-process.js';

const send = (message: TrainingMessage): void => void process.send?.(message);

async function train({ worker, settings }: TrainingOrder): Promise<void> {
  try {
    // What serves tickets on the same machine comes first.
    setPriority(constants.priority.PRIORITY_LOW);
    const { tf, device } = await loadTensorflow(worker.device);
    send({ kind: 'device', device });
    const encoder = await Encoder.open(tf, worker.encoderDir, worker.cacheDir);
    const model = await trainModel(tf, encoder, settings, async (phase, done, note) => {
      send({ kind: 'progress', phase, done, note });
      // Lets the message out: the next step keeps this thread busy.
      await new Promise((resolve) => setImmediate(resolve));
    });
    send({ kind: 'done', model });
  } catch (error) {
    const { name, message, stack } = error as Error;
    send({ kind: 'failed', name, message: name === 'Error' || name === 'TypeError' ? (stack ?? message) : message });
  }
  process.disconnect();
}

process.once('message', (order: TrainingOrder) => void train(order));
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit());
