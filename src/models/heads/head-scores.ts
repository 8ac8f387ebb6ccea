/** Scores of rows by trained heads, and by similarity to vectors: [rows, classes] each. */
import type { Heads } from './heads.js';
import type { DenseHeads } from './heads.js';
import { scoreRow, type LinearHead } from './linear-svm.js';
import { NearestTickets } from './nearest-tickets.js';
import { softmaxScores } from './softmax-head.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { templateEmbeddings } from '../dataset/template-rows.js';
import { cosine } from '../features/ticket-features.js';
import type { TrainingData } from '../dataset/training-data.js';

/** Rows of one call to TensorFlow. */
const rowsPerCall = 2048;

/** Of each head [rows, classes] */
export interface HeadScores {
  dense: Float32Array;
  sparse: Float32Array;
  nearest: Float32Array;
  discriminant: Float32Array;
}

export function headScores(tf: Tensorflow, data: TrainingData, heads: Heads, rows: Int32Array): HeadScores {
  return { ...denseScores(tf, data, heads, rows), sparse: ngramScores(data, heads.sparse, rows) };
}

/** Index of the similarity to the template's text in `scoresByKind` */
export const templateKind = 4;

/**
 * All kinds of scores, in the order of a combination's weights: linear head, n-grams, nearest ticket, discriminant, cosine to
 * each class's template; where the encoder was trained also linear head, nearest ticket and discriminant on the base encoder.
 *
 * @param data encoded by the model's encoder; `baseData`: by the base encoder
 */
export function scoresByKind(
  tf: Tensorflow,
  { data, baseData }: { data: TrainingData; baseData: TrainingData | null },
  heads: Heads,
  rows: Int32Array,
): Float32Array[] {
  const own = headScores(tf, data, heads, rows);
  const base = heads.base && baseData ? denseScores(tf, baseData, heads.base, rows) : null;
  return [
    ...[own.dense, own.sparse, own.nearest, own.discriminant],
    cosineSimilarities(data, rows, templateEmbeddings(data)),
    ...(base ? [base.dense, base.nearest, base.discriminant] : []),
  ];
}

function denseScores(
  tf: Tensorflow,
  data: TrainingData,
  heads: DenseHeads,
  rows: Int32Array,
): Omit<HeadScores, 'sparse'> {
  const { classes } = heads.dense;
  const nearest = new Float32Array(rows.length * classes);
  const bank = new NearestTickets(tf, heads.nearest);
  forEachBatch(rows, (some, start) => {
    nearest.set(bank.scores(gatherRows(data, some, data.embeddingSize), some.length), start * classes);
  });
  bank.dispose();
  return {
    dense: linearScores(tf, data, heads.dense, rows),
    nearest,
    discriminant: linearScores(tf, data, heads.discriminant, rows),
  };
}

function linearScores(tf: Tensorflow, data: TrainingData, head: LinearHead, rows: Int32Array): Float32Array {
  const { classes } = head;
  const { width } = data.dense;
  const scores = new Float32Array(rows.length * classes);
  const tensors = { weights: tf.tensor2d(head.weights, [width, classes]), bias: tf.tensor2d(head.bias, [1, classes]) };
  forEachBatch(rows, (some, start) => {
    scores.set(softmaxScores(tf, tensors, gatherRows(data, some, width), some.length), start * classes);
  });
  tf.dispose(tensors);
  return scores;
}

function forEachBatch(rows: Int32Array, score: (some: Int32Array, start: number) => void): void {
  for (let start = 0; start < rows.length; start += rowsPerCall)
    score(rows.subarray(start, start + rowsPerCall), start);
}

function ngramScores({ sparse }: TrainingData, head: LinearHead, rows: Int32Array): Float32Array {
  const scores = new Float32Array(rows.length * head.classes);
  rows.forEach((row, index) => {
    const [start, end] = [sparse.start[row], sparse.start[row + 1]];
    const values = sparse.values.subarray(start, end);
    scores.set(scoreRow(head, { columns: sparse.columns.subarray(start, end), values }), index * head.classes);
  });
  return scores;
}

/** Cosine of each row to each vector, one per class: class means, or template embeddings. [rows, classes] */
export function cosineSimilarities(
  data: TrainingData,
  rows: Int32Array,
  vectors: readonly Float32Array[],
): Float32Array {
  const scores = new Float32Array(rows.length * vectors.length);
  rows.forEach((row, index) => {
    const embedding = rowEmbedding(data, row);
    vectors.forEach((vector, label) => (scores[index * vectors.length + label] = cosine(embedding, vector)));
  });
  return scores;
}

export function rowEmbedding({ dense, embeddingSize }: TrainingData, row: number): Float32Array {
  return dense.values.subarray(row * dense.width, row * dense.width + embeddingSize);
}

/** The first `width` numbers of each row, [rows, width] */
function gatherRows({ dense }: TrainingData, rows: Int32Array, width: number): Float32Array {
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, index) =>
    values.set(dense.values.subarray(row * dense.width, row * dense.width + width), index * width),
  );
  return values;
}

export function concat<T extends Float32Array | Int32Array>(parts: readonly T[], kind: new (length: number) => T): T {
  const all = new kind(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}
