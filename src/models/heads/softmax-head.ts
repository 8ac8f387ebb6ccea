/** Multinomial logistic regression on dense rows, in TensorFlow. */
import { minimise } from '../../statistics/lbfgs.js';
import type { LinearHead } from './linear-svm.js';
import { trainSoftmaxMinibatch } from './minibatch-softmax.js';
import type { Tensor1D, Tensor2D, Tensorflow } from '../tensors/tensorflow.js';

/** Rows of one call: bounds the memory of the logits, [rows, classes]. */
const rowsPerCall = 16_384;
/** Rows × width × classes above which sixty full-batch evaluations take too long */
const maxProducts = 20_000_000_000;
/** The bias is penalised a hundredth as much as the weights: nearly free, but a class without rows can't drift away. */
const biasPenaltyDivisor = 100;

export interface SoftmaxOptions {
  /** Cost of an error against a small norm of the weights: C in C · Σ loss + ½ ‖w‖² */
  cost: number;
  maxSteps: number;
  /** Additional examples, one per class: [classes, width] */
  examples?: Float32Array | null | undefined;
  /** Called with the loss before the first step and after each step */
  onLoss?: ((loss: number) => void) | undefined;
}

interface Call {
  x: Tensor2D;
  y: Tensor1D;
}

/**
 * @param features [all rows, width], row-major
 * @param labels class of each row
 * @param rows rows to train on
 * @returns weights [width, classes] and bias [classes]
 */
export async function trainSoftmax(
  tf: Tensorflow,
  features: { values: Float32Array; width: number },
  labels: Int32Array,
  rows: Int32Array,
  classes: number,
  options: SoftmaxOptions,
  onStep: (share: number) => void | Promise<void> = () => undefined,
): Promise<LinearHead> {
  const { width } = features;
  const { examples = null, maxSteps, onLoss } = options;
  const count = rows.length + (examples ? classes : 0);
  const l2 = 1 / (options.cost * count);
  if (count * width * classes > maxProducts) {
    return trainInMinibatches(tf, { features, labels, rows, classes, examples, l2 }, (loss, share) => {
      onLoss?.(loss);
      return onStep(share);
    });
  }
  const calls = toCalls(tf, { features, labels, rows, classes, examples });
  const evaluate = fullBatchLoss(tf, calls, { width, classes, count, l2 });
  const point = new Float64Array(width * classes + classes);
  onLoss?.(evaluate(point, new Float64Array(point.length)));
  await minimise(evaluate, point, { maxSteps, tolerance: 1e-4 }, (step, loss) => {
    onLoss?.(loss);
    return onStep(step / maxSteps);
  });
  tf.dispose(calls.flatMap(({ x, y }) => [x, y]));
  return {
    weights: Float32Array.from(point.subarray(0, width * classes)),
    bias: Float32Array.from(point.subarray(width * classes)),
    classes,
  };
}

/** @returns evaluates the mean loss with its penalty, and its gradient, at a point: weights, then bias */
function fullBatchLoss(
  tf: Tensorflow,
  calls: readonly Call[],
  { width, classes, count, l2 }: { width: number; classes: number; count: number; l2: number },
): (point: Float64Array, gradient: Float64Array) => number {
  const size = width * classes;
  return (point, gradient) => {
    const weights = tf.tensor2d(Float32Array.from(point.subarray(0, size)), [width, classes]);
    const bias = tf.tensor2d(Float32Array.from(point.subarray(size)), [1, classes]);
    gradient.fill(0);
    let loss = 0;
    for (const call of calls) {
      const values = lossAndGradient(tf, call, { weights, bias, classes });
      for (let at = 0; at < gradient.length; at += 1) gradient[at] = gradient[at]! + values[at]!;
      loss += values[gradient.length] ?? 0;
    }
    tf.dispose([weights, bias]);
    let value = loss / count;
    for (let at = 0; at < gradient.length; at += 1) {
      const penalty = at < size ? l2 : l2 / biasPenaltyDivisor;
      const coordinate = point[at]!;
      value += 0.5 * penalty * coordinate * coordinate;
      gradient[at] = gradient[at]! / count + penalty * coordinate;
    }
    return value;
  };
}

/** @returns gradient and loss of one call, [width · classes + classes + 1], as one tensor: one copy out of TensorFlow */
function lossAndGradient(
  tf: Tensorflow,
  { x, y: labels }: Call,
  { weights, bias, classes }: { weights: Tensor2D; bias: Tensor2D; classes: number },
): Float32Array {
  const result = tf.tidy(() => {
    const y = tf.oneHot(labels, classes).toFloat();
    const logits = tf.add(tf.matMul(x, weights), bias);
    const logProbabilities = tf.logSoftmax(logits);
    const loss = tf.neg(tf.sum(tf.mul(y, logProbabilities)));
    const error = tf.sub(tf.exp(logProbabilities), y);
    return tf.concat([tf.matMul(x, error, true).flatten(), tf.sum(error, 0).flatten(), loss.reshape([1])]);
  });
  const values = result.dataSync<'float32'>();
  result.dispose();
  return values;
}

interface MinibatchData {
  features: { values: Float32Array; width: number };
  labels: Int32Array;
  rows: Int32Array;
  classes: number;
  examples: Float32Array | null;
  l2: number;
}

function trainInMinibatches(
  tf: Tensorflow,
  { features: { values, width }, labels, rows, classes, examples, l2 }: MinibatchData,
  onStep: (loss: number, share: number) => void | Promise<void>,
): Promise<LinearHead> {
  const own = Int32Array.from(rows, (row) => labels[row] ?? 0);
  const all = examples ? Int32Array.from([...own, ...Array(classes).keys()]) : own;
  const fill = (example: number, to: Float32Array, at: number): void => {
    const row = rows[example];
    const label = example - rows.length;
    const from = row === undefined ? (examples ?? values).subarray(label * width) : values.subarray(row * width);
    to.set(from.subarray(0, width), at);
  };
  return trainSoftmaxMinibatch(tf, { width, classes, labels: all, fill, l2: l2, seed: 1 }, onStep);
}

function toCalls(tf: Tensorflow, { features, labels, rows, classes, examples }: Omit<MinibatchData, 'l2'>): Call[] {
  const calls: Call[] = [];
  for (let start = 0; start < rows.length; start += rowsPerCall) {
    calls.push(toCall(tf, features, labels, rows.subarray(start, start + rowsPerCall)));
  }
  if (examples) {
    calls.push({ x: tf.tensor2d(examples, [classes, features.width]), y: tf.range(0, classes, 1, 'int32') });
  }
  return calls;
}

function toCall(
  tf: Tensorflow,
  { values, width }: { values: Float32Array; width: number },
  labels: Int32Array,
  rows: Int32Array,
): Call {
  const x = new Float32Array(rows.length * width);
  rows.forEach((row, index) => x.set(values.subarray(row * width, (row + 1) * width), index * width));
  return {
    x: tf.tensor2d(x, [rows.length, width]),
    y: tf.tensor1d(
      rows.map((row) => labels[row] ?? 0),
      'int32',
    ),
  };
}

/** @returns scores [rows, classes], row-major */
export function softmaxScores(
  tf: Tensorflow,
  head: { weights: Tensor2D; bias: Tensor2D },
  rows: Float32Array,
  count: number,
): Float32Array {
  const result = tf.tidy(() =>
    tf.add(tf.matMul(tf.tensor2d(rows, [count, rows.length / count]), head.weights), head.bias),
  );
  const values = result.dataSync<'float32'>();
  result.dispose();
  return values;
}
