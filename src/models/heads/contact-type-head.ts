/** Predicts the contact type where it does not follow from the template. */
import { assignFolds } from '../dataset/folds.js';
import type { LinearHead } from './linear-svm.js';
import { softmaxScores, trainSoftmax } from './softmax-head.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';

const folds = 5;
const rowsPerCall = 2_048;

type ContactTypeData = Pick<TrainingData, 'dense' | 'contactTypeLabels' | 'contactTypes' | 'dedupGroups'>;

/** @param isIn rows to train on; default: all with a contact type */
export function trainContactTypes(
  tf: Tensorflow,
  { dense, contactTypeLabels, contactTypes }: ContactTypeData,
  isIn: (row: number) => boolean = () => true,
): Promise<LinearHead> {
  const rows = [...contactTypeLabels.keys()].filter((row) => (contactTypeLabels[row] ?? -1) >= 0 && isIn(row));
  return trainSoftmax(tf, dense, contactTypeLabels, Int32Array.from(rows), contactTypes.length, {
    cost: 10,
    maxSteps: 60,
  });
}

/** @returns the contact type of each row, predicted by a head that was not trained on it or on a near-duplicate of it */
export async function predictHeldOutTypes(tf: Tensorflow, data: ContactTypeData): Promise<(string | null)[]> {
  const { dense, contactTypes, dedupGroups } = data;
  const { width } = dense;
  const types = Array.from({ length: dedupGroups.length }, (): string | null => null);
  const foldOf = assignFolds({ dedupGroups, labels: data.contactTypeLabels }, folds);
  for (let fold = 0; fold < folds; fold += 1) {
    const isOut = (row: number): boolean => foldOf[row] === fold;
    // With very few tickets all can be held out at once; then there is nothing to train on.
    if ([...dedupGroups.keys()].every((row) => isOut(row) || (data.contactTypeLabels[row] ?? -1) < 0)) continue;
    const head = await trainContactTypes(tf, data, (row) => !isOut(row));
    const tensors = {
      weights: tf.tensor2d(head.weights, [width, head.classes]),
      bias: tf.tensor2d(head.bias, [1, head.classes]),
    };
    const out = [...dedupGroups.keys()].filter(isOut);
    for (let start = 0; start < out.length; start += rowsPerCall) {
      const some = out.slice(start, start + rowsPerCall);
      const values = new Float32Array(some.length * width);
      some.forEach((row, at) => values.set(dense.values.subarray(row * width, (row + 1) * width), at * width));
      const scores = softmaxScores(tf, tensors, values, some.length);
      some.forEach((row, at) => {
        const own = scores.subarray(at * head.classes, (at + 1) * head.classes);
        types[row] = contactTypes[own.indexOf(own.reduce((a, b) => Math.max(a, b), -Infinity))] ?? null;
      });
    }
    tf.dispose(tensors);
  }
  return types;
}
