import { join } from 'node:path';
import type { RunRecord } from './run-record.js';
import type { Tensorflow } from '../tensors/tensorflow.js';

/** Writes a run as event files that TensorBoard reads: `tensorboard --logdir MODEL_DIR` compares versions. */
export function writeTensorboard(tf: Tensorflow, folder: string, record: RunRecord): void {
  for (const { training, loss, heldOutTop1 = [] } of record.curves) {
    const writer = tf.node.summaryFileWriter(join(folder, training.replaceAll(/\W+/g, '-')));
    loss.forEach((value, step) => writer.scalar('loss', value, step));
    // After an epoch, which is so many steps.
    heldOutTop1.forEach((value, epoch) =>
      writer.scalar('held-out/top1', value, Math.round(((epoch + 1) * loss.length) / heldOutTop1.length)),
    );
    writer.flush();
  }
  const writer = tf.node.summaryFileWriter(join(folder, 'held-out'));
  const { top1, hits3, logLoss, slices } = record.heldOut;
  const scalars = { top1, hits3, logLoss, ceiling: record.diagnosis.ceiling, training: record.diagnosis.training };
  for (const [name, value] of Object.entries(scalars)) writer.scalar(`held-out/${name}`, value, 0);
  for (const [part, scores] of Object.entries(slices['head and tail'] ?? {})) {
    writer.scalar(`held-out/top1-${part}`, scores.top1, 0);
  }
  writer.flush();
}
