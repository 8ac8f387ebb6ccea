/**
 * Fisher's linear discriminant: how far a ticket lies in the direction of each class's mean, where directions in which the
 * tickets of one class differ among themselves count less. With few labels its one matrix is learned from all classes
 * together, where a head of weights has to learn each class alone.
 *
 * The covariance within classes is shrunk towards a multiple of the identity (Friedman, "Regularized discriminant
 * analysis", JASA 1989), the directions scaled to the same length (cosine in the whitened space, but for the ticket's own
 * length); solved by conjugate gradients (Hestenes & Stiefel 1952) for all classes at once.
 *
 * Own code: no package on npm has a discriminant with shrinkage. It takes the log-loss of ten labels a class on Banking77 from
 * 0.605 to 0.570 (docs/lab-book.md, 2026-11-25), and equals scikit-learn's to 5e-3, where the conjugate gradients stop
 * (`test/models/heads/dense-heads.integration.test.ts`).
 */
import type { LinearHead } from './linear-svm.js';
import type { Tensor2D, Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';

/** Weight of the identity in the shrunk covariance */
const shrinkage = 0.3;
const rowsPerCall = 2048;
const maxSteps = 100;
/** Relative to the first residual */
const tolerance = 1e-3;

/** Rows of `values`, and optional examples, one per class. */
export interface DiscriminantExamples {
  dense: Pick<TrainingData['dense'], 'values' | 'width'>;
  labels: Int32Array;
  rows: Int32Array;
  classes: number;
  /** [classes, width]; null where there are none */
  templates: Float32Array | null;
}

/** @returns weights [width, classes] and bias; a class without examples scores 0 */
export function fitDiscriminant(tf: Tensorflow, examples: DiscriminantExamples): LinearHead {
  const { width } = examples.dense;
  const { classes } = examples;
  const { means, centre } = classMeans(examples);
  const scatter = withinClassScatter(tf, examples, means);
  const targets = means.map((value, at) => value - centre[at % width]!);
  const right = tf.tidy(() => tf.transpose(tf.tensor2d(targets, [classes, width])));
  const directions = solve(tf, scatter, right);
  scatter.dispose();
  const head = tf.tidy(() => {
    const lengths = tf.sqrt(tf.maximum(tf.sum(tf.mul(right, directions), 0, true), 1e-12));
    const weights = tf.div<Tensor2D>(directions, tf.mul(lengths, Math.sqrt(width)));
    const bias = tf.neg(tf.matMul(tf.tensor2d(centre, [1, width]), weights));
    return [weights, bias] as const;
  });
  const [weights, bias] = head.map((tensor) => tensor.dataSync<'float32'>()) as [Float32Array, Float32Array];
  tf.dispose([right, directions, ...head]);
  return { weights, bias, classes };
}

/** @returns class means [classes, width], with the overall mean for a class without examples, and the overall mean [width] */
function classMeans(examples: DiscriminantExamples): { means: Float32Array; centre: Float32Array } {
  const { dense, rows, classes } = examples;
  const { width } = dense;
  const sums = new Float64Array(classes * width);
  const counts = new Float64Array(classes);
  const all = new Float64Array(width);
  forEachExample(examples, (values, start, label) => {
    counts[label] = counts[label]! + 1;
    for (let at = 0; at < width; at += 1) {
      const place = label * width + at;
      sums[place] = sums[place]! + values[start + at]!;
      all[at] = all[at]! + values[start + at]!;
    }
  });
  const count = rows.length + (examples.templates ? classes : 0);
  const centre = Float32Array.from(all, (sum) => sum / Math.max(1, count));
  const means = Float32Array.from(sums, (sum, at) => {
    const own = counts[Math.floor(at / width)]!;
    return own === 0 ? centre[at % width]! : sum / own;
  });
  return { means, centre };
}

interface Scatter {
  /** Covariance within the classes, [width, width], times [width, classes]; to be called inside a `tidy` */
  times: (directions: Tensor2D) => Tensor2D;
  /** Mean of the covariance's diagonal */
  level: number;
  dispose: () => void;
}

function withinClassScatter(tf: Tensorflow, examples: DiscriminantExamples, means: Float32Array): Scatter {
  const { width } = examples.dense;
  const count = examples.rows.length + (examples.templates ? examples.classes : 0);
  // Of few examples the product is taken through their residuals: 10 to 20 times faster for 240 examples of 1,920 numbers.
  const isSmall = 2 * count < width;
  const perCall = isSmall ? count : rowsPerCall;
  let matrix: Tensor2D = isSmall ? tf.zeros([count, width]) : tf.zeros([width, width]);
  let squares = 0;
  let residuals = new Float32Array(perCall * width);
  let filled = 0;
  const add = (): void => {
    const sum = tf.tidy(() => {
      const some = tf.tensor2d(residuals.subarray(0, filled * width), [filled, width]);
      return isSmall ? some : tf.add<Tensor2D>(matrix, tf.div(tf.matMul(some, some, true), count));
    });
    tf.dispose(matrix);
    matrix = sum;
    residuals = new Float32Array(perCall * width);
    filled = 0;
  };
  forEachExample(examples, (values, start, label) => {
    for (let at = 0; at < width; at += 1) {
      const residual = values[start + at]! - means[label * width + at]!;
      residuals[filled * width + at] = residual;
      squares += residual * residual;
    }
    filled += 1;
    if (filled === perCall) add();
  });
  if (filled > 0) add();
  return {
    times: (directions) =>
      isSmall ? tf.div(tf.matMul(matrix, tf.matMul(matrix, directions), true), count) : tf.matMul(matrix, directions),
    // Where no two tickets of a class differ, the covariance is 0; any positive level gives the same directions.
    level: squares / (count * width) || 1,
    dispose: () => matrix.dispose(),
  };
}

function forEachExample(
  { dense: { values, width }, labels, rows, classes, templates }: DiscriminantExamples,
  take: (values: Float32Array, start: number, label: number) => void,
): void {
  for (const row of rows) take(values, row * width, labels[row]!);
  if (templates) for (let label = 0; label < classes; label += 1) take(templates, label * width, label);
}

/** @returns (shrunk scatter)⁻¹ · right, [width, classes] */
function solve(tf: Tensorflow, { times, level }: Scatter, right: Tensor2D): Tensor2D {
  const start = tf.tidy(() => ({
    solution: tf.zerosLike(right),
    rest: tf.clone(right),
    direction: tf.clone(right),
    square: tf.sum<Tensor2D>(tf.square(right), 0, true),
  }));
  const target = tolerance ** 2 * maxValue(start.square);
  let state = start;
  for (let step = 0; step < maxSteps && maxValue(state.square) > target; step += 1) {
    const before = state;
    const { solution, rest, direction, square } = before;
    state = tf.tidy(() => {
      const product = tf.add(tf.mul(times(direction), 1 - shrinkage), tf.mul(direction, shrinkage * level));
      const length = tf.divNoNan(square, tf.sum(tf.mul(direction, product), 0, true));
      const left = tf.sub<Tensor2D>(rest, tf.mul(product, length));
      const next = tf.sum<Tensor2D>(tf.square(left), 0, true);
      return {
        solution: tf.add<Tensor2D>(solution, tf.mul(direction, length)),
        rest: left,
        direction: tf.add<Tensor2D>(left, tf.mul(direction, tf.divNoNan(next, square))),
        square: next,
      };
    });
    tf.dispose(Object.values(before));
  }
  tf.dispose([state.rest, state.direction, state.square]);
  return state.solution;
}

const maxValue = (tensor: Tensor2D): number => tensor.dataSync<'float32'>().reduce((a, b) => Math.max(a, b), 0);
