/** Figures to compare the held-out ones with: training accuracy, and the nearest-centroid baseline. */
import type { Heads } from '../heads/heads.js';
import { scoreRow } from '../heads/linear-svm.js';
import { seeded, shuffle } from '../../statistics/random.js';
import type { Tensor2D, Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { percentOf } from '../../statistics/percent.js';

const maxTickets = 2000;
const rowsPerCall = 2048;

/**
 * Top-1 in percent on a sample of at most 2,000 training tickets. Without the nearest-ticket head, which would find the ticket
 * itself.
 */
export function trainingTop1(
  tf: Tensorflow,
  data: TrainingData,
  { dense, sparse, discriminant }: Heads,
  [denseWeight = 1, sparseWeight = 1, , discriminantWeight = 1]: readonly number[],
  seed: number,
): number {
  const labelled = Int32Array.from([...data.labels.keys()].filter((row) => (data.labels[row] ?? -1) >= 0));
  shuffle(labelled, labelled.length, seeded(seed));
  const rows = labelled.subarray(0, maxTickets);
  const classes = dense.classes;
  const both = (ofDense: Float32Array, ofDiscriminant: Float32Array): Float32Array =>
    ofDense.map((value, at) => denseWeight * value + discriminantWeight * ofDiscriminant[at]!);
  const scores = tf.tidy(() => {
    const weights = tf.tensor2d(both(dense.weights, discriminant.weights), [data.dense.width, classes]);
    const bias = tf.tensor2d(both(dense.bias, discriminant.bias), [1, classes]);
    return tf.add<Tensor2D>(tf.matMul(gatherRows(tf, data, rows, data.dense.width), weights), bias);
  });
  const values = scores.dataSync();
  scores.dispose();
  let right = 0;
  rows.forEach((row, index) => {
    const [start, end] = [data.sparse.start[row], data.sparse.start[row + 1]];
    const columns = data.sparse.columns.subarray(start, end);
    const words = scoreRow(sparse, { columns, values: data.sparse.values.subarray(start, end) });
    let best = 0;
    words.forEach((word, label) => {
      words[label] = sparseWeight * word + values[index * classes + label]!;
      if (words[label] > words[best]!) best = label;
    });
    if (best === data.labels[row]) right += 1;
  });
  return percentOf(right, rows.length);
}

/** Top-1 in percent of the class with the nearest mean embedding, without the ticket itself (leave-one-out). */
export function nearestCentroidTop1(tf: Tensorflow, data: TrainingData, rows: readonly number[]): number {
  const { embeddingSize: size, classes, labels, dense } = data;
  const sums = new Float32Array(classes.length * size);
  labels.forEach((label, row) => {
    if (label === -1) return;
    for (let at = 0; at < size; at += 1) {
      const place = label * size + at;
      sums[place] = sums[place]! + dense.values[row * dense.width + at]!;
    }
  });
  const means = tf.tensor2d(sums, [classes.length, size]);
  const squares = Float32Array.from(classes, (_, label) =>
    sums.subarray(label * size, (label + 1) * size).reduce((sum, value) => sum + value * value, 0),
  );
  let right = 0;
  for (let start = 0; start < rows.length; start += rowsPerCall) {
    const some = Int32Array.from(rows.slice(start, start + rowsPerCall));
    const products = tf.tidy(() => tf.matMul(gatherRows(tf, data, some, size), means, false, true));
    const values = products.dataSync();
    products.dispose();
    some.forEach((row, index) => {
      const own = labels[row] ?? 0;
      const length = dense.values
        .subarray(row * dense.width, row * dense.width + size)
        .reduce((sum, value) => sum + value * value, 0);
      let [best, most] = [-1, -Infinity];
      for (let label = 0; label < classes.length; label += 1) {
        const product = values[index * classes.length + label]!;
        const square = squares[label]!;
        // Leave-one-out: without the ticket's own embedding in the mean.
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

/** The first `width` numbers of the rows, [rows, width] */
function gatherRows(tf: Tensorflow, { dense }: TrainingData, rows: Int32Array, width: number): Tensor2D {
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    values.set(dense.values.subarray(row * dense.width, row * dense.width + width), index * width);
  });
  return tf.tensor2d(values, [rows.length, width]);
}
