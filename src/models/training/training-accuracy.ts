/** Figures beside those of the held-out tickets: what the heads have learned by heart, and what the encoder knows alone. */
import type { Heads } from '../heads/heads.js';
import { scoresOf } from '../heads/linear-svm.js';
import { seeded, shuffle } from '../../statistics/random.js';
import type { Tensor2D, Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { percentOf } from '../../statistics/percent.js';

const mostLearned = 2000;
const portion = 2048;

/**
 * Top-1 in percent on tickets that the heads have learned from, without the nearest ticket (which would be the ticket
 * itself), on a sample of at most 2,000.
 */
export function learnedTop1(
  tf: Tensorflow,
  data: TrainingData,
  { dense, sparse, discriminant }: Heads,
  [denseWeight = 1, sparseWeight = 1, , discriminantWeight = 1]: readonly number[],
  seed: number,
): number {
  const labelled = Int32Array.from([...data.labels.keys()].filter((row) => (data.labels[row] ?? -1) >= 0));
  shuffle(labelled, labelled.length, seeded(seed));
  const rows = labelled.subarray(0, mostLearned);
  const classes = dense.classes;
  const both = (ofDense: Float32Array, ofDiscriminant: Float32Array): Float32Array =>
    ofDense.map((value, at) => denseWeight * value + discriminantWeight * (ofDiscriminant[at] as number));
  const scores = tf.tidy(() => {
    const weights = tf.tensor2d(both(dense.weights, discriminant.weights), [data.dense.width, classes]);
    const bias = tf.tensor2d(both(dense.bias, discriminant.bias), [1, classes]);
    return tf.add<Tensor2D>(tf.matMul(rowsOf(tf, data, rows, data.dense.width), weights), bias);
  });
  const values = scores.dataSync();
  scores.dispose();
  let right = 0;
  rows.forEach((row, index) => {
    const [start, end] = [data.sparse.start[row], data.sparse.start[row + 1]];
    const columns = data.sparse.columns.subarray(start, end);
    const words = scoresOf(sparse, { columns, values: data.sparse.values.subarray(start, end) });
    let best = 0;
    words.forEach((word, label) => {
      words[label] = sparseWeight * word + (values[index * classes + label] as number);
      if (words[label] > (words[best] as number)) best = label;
    });
    if (best === data.labels[row]) right += 1;
  });
  return percentOf(right, rows.length);
}

/** Top-1 in percent of the class whose other tickets' embeddings have the nearest mean: nothing is trained. */
export function nearestMeanTop1(tf: Tensorflow, data: TrainingData, rows: readonly number[]): number {
  const { embeddingSize: size, classes, labels, dense } = data;
  const sums = new Float32Array(classes.length * size);
  labels.forEach((label, row) => {
    if (label === -1) return;
    for (let at = 0; at < size; at += 1) {
      const place = label * size + at;
      sums[place] = (sums[place] as number) + (dense.values[row * dense.width + at] as number);
    }
  });
  const means = tf.tensor2d(sums, [classes.length, size]);
  const squares = Float32Array.from(classes, (_, label) =>
    sums.subarray(label * size, (label + 1) * size).reduce((sum, value) => sum + value * value, 0),
  );
  let right = 0;
  for (let start = 0; start < rows.length; start += portion) {
    const some = Int32Array.from(rows.slice(start, start + portion));
    const products = tf.tidy(() => tf.matMul(rowsOf(tf, data, some, size), means, false, true));
    const values = products.dataSync();
    products.dispose();
    some.forEach((row, index) => {
      const own = labels[row] ?? 0;
      const length = dense.values
        .subarray(row * dense.width, row * dense.width + size)
        .reduce((sum, value) => sum + value * value, 0);
      let [best, most] = [-1, -Infinity];
      for (let label = 0; label < classes.length; label += 1) {
        const product = values[index * classes.length + label] as number;
        const square = squares[label] as number;
        // The ticket's own embedding is no part of the mean that it is held against.
        const likeness =
          label === own
            ? (product - length) / Math.sqrt(Math.max(square - 2 * product + length, 1e-12))
            : product / Math.sqrt(Math.max(square, 1e-12));
        if (likeness > most) [best, most] = [label, likeness];
      }
      if (best === own) right += 1;
    });
  }
  means.dispose();
  return percentOf(right, rows.length);
}

/** @returns the first `width` numbers of the rows, [rows, width] */
function rowsOf(tf: Tensorflow, { dense }: TrainingData, rows: Int32Array, width: number): Tensor2D {
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    values.set(dense.values.subarray(row * dense.width, row * dense.width + width), index * width);
  });
  return tf.tensor2d(values, [rows.length, width]);
}
