/** Predicts the contact type where it does not follow from the template. */
import { foldsOf } from '../dataset/folds.js';
import type { LinearHead } from './linear-svm.js';
import { softmaxScores, trainSoftmax } from './softmax-head.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';

const folds = 5;
const portion = 2_048;

type Types = Pick<TrainingData, 'dense' | 'contactTypeLabels' | 'contactTypes' | 'groups'>;

/** @param isIn which rows to learn from; all that have a contact type, by itself */
export function trainContactTypes(
  tf: Tensorflow,
  { dense, contactTypeLabels, contactTypes }: Types,
  isIn: (row: number) => boolean = () => true,
): Promise<LinearHead> {
  const rows = [...contactTypeLabels.keys()].filter((row) => (contactTypeLabels[row] ?? -1) >= 0 && isIn(row));
  return trainSoftmax(tf, dense, contactTypeLabels, Int32Array.from(rows), contactTypes.length, {
    cost: 10,
    mostSteps: 60,
  });
}

/** @returns of each row the contact type that a head predicts which has not seen it; rows that say the same are held out together */
export async function heldOutTypes(tf: Tensorflow, data: Types): Promise<(string | null)[]> {
  const { dense, contactTypes, groups } = data;
  const { width } = dense;
  const types = Array.from({ length: groups.length }, (): string | null => null);
  const foldOf = foldsOf({ groups, labels: data.contactTypeLabels }, folds);
  for (let fold = 0; fold < folds; fold += 1) {
    const isOut = (row: number): boolean => foldOf[row] === fold;
    // Of very few tickets all may be out at once: then nothing can be said of them.
    if ([...groups.keys()].every((row) => isOut(row) || (data.contactTypeLabels[row] ?? -1) < 0)) continue;
    const head = await trainContactTypes(tf, data, (row) => !isOut(row));
    const tensors = {
      weights: tf.tensor2d(head.weights, [width, head.classes]),
      bias: tf.tensor2d(head.bias, [1, head.classes]),
    };
    const out = [...groups.keys()].filter(isOut);
    for (let start = 0; start < out.length; start += portion) {
      const some = out.slice(start, start + portion);
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
