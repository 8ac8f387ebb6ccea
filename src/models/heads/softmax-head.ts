/** Multinomial logistic regression on dense rows, in TensorFlow. */
import { minimise } from '../../statistics/lbfgs.js';
import type { LinearHead } from './linear-svm.js';
import { softmaxByBatches } from './softmax-by-batches.js';
import type { Tensor1D, Tensor2D, Tensorflow } from '../tensors/tensorflow.js';

/** Rows of one call: logits of [rows, classes] must not fill the memory where there are many of both. */
const rowsOfACall = 16_384;
/** Rows × width × classes beyond which sixty looks at all of them take too long */
const mostProducts = 20_000_000_000;

export interface SoftmaxOptions {
  /** Cost of an error against a small norm of the weights: C in C · Σ loss + ½ ‖w‖² */
  cost: number;
  mostSteps: number;
  /** Further examples, one of each class: [classes, width] */
  examples?: Float32Array | null | undefined;
  /** Told the loss before the first step and after each. */
  onLoss?: ((loss: number) => void) | undefined;
}

/**
 * @param features [all rows, width], row-major
 * @param labels class of each row
 * @param rows which rows to learn from
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
  const count = rows.length + (options.examples ? classes : 0);
  const penalty = 1 / (options.cost * count);
  if (count * width * classes > mostProducts) {
    return inBatches(
      tf,
      { features, labels, rows, classes, examples: options.examples ?? null, penalty },
      (loss, share) => {
        options.onLoss?.(loss);
        return onStep(share);
      },
    );
  }
  const calls: { x: Tensor2D; y: Tensor1D }[] = [];
  for (let start = 0; start < rows.length; start += rowsOfACall) {
    calls.push(callOf(tf, features, labels, rows.subarray(start, start + rowsOfACall)));
  }
  if (options.examples) {
    calls.push({ x: tf.tensor2d(options.examples, [classes, width]), y: tf.range(0, classes, 1, 'int32') });
  }
  const size = width * classes;
  /** Loss and gradient of one call, [width · classes + classes + 1], as one tensor: one trip out of TensorFlow. */
  const part = (x: Tensor2D, labelsOfCall: Tensor1D, weights: Tensor2D, bias: Tensor2D): Float32Array => {
    const result = tf.tidy(() => {
      const y = tf.oneHot(labelsOfCall, classes).toFloat();
      const logits = tf.add(tf.matMul(x, weights), bias);
      const logProbabilities = tf.logSoftmax(logits);
      const loss = tf.neg(tf.sum(tf.mul(y, logProbabilities)));
      const error = tf.sub(tf.exp(logProbabilities), y);
      return tf.concat([tf.matMul(x, error, true).flatten(), tf.sum(error, 0).flatten(), loss.reshape([1])]);
    });
    const values = result.dataSync<'float32'>();
    result.dispose();
    return values;
  };
  const evaluate = (point: Float64Array, gradient: Float64Array): number => {
    const weights = tf.tensor2d(Float32Array.from(point.subarray(0, size)), [width, classes]);
    const bias = tf.tensor2d(Float32Array.from(point.subarray(size)), [1, classes]);
    gradient.fill(0);
    let loss = 0;
    for (const { x, y } of calls) {
      const values = part(x, y, weights, bias);
      for (let at = 0; at < gradient.length; at += 1) gradient[at] = (gradient[at] as number) + (values[at] as number);
      loss += values[gradient.length] ?? 0;
    }
    tf.dispose([weights, bias]);
    let value = loss / count;
    for (let at = 0; at < gradient.length; at += 1) {
      // The bias is held by a hundredth of it: a class without rows must not run away.
      const held = at < size ? penalty : penalty / 100;
      const coordinate = point[at] as number;
      value += 0.5 * held * coordinate * coordinate;
      gradient[at] = (gradient[at] as number) / count + held * coordinate;
    }
    return value;
  };
  const point = new Float64Array(size + classes);
  options.onLoss?.(evaluate(point, new Float64Array(point.length)));
  await minimise(evaluate, point, { mostSteps: options.mostSteps, tolerance: 1e-4 }, (step, loss) => {
    options.onLoss?.(loss);
    return onStep(step / options.mostSteps);
  });
  tf.dispose(calls.flatMap(({ x, y }) => [x, y]));
  return {
    weights: Float32Array.from(point.subarray(0, size)),
    bias: Float32Array.from(point.subarray(size)),
    classes,
  };
}

interface Lesson {
  features: { values: Float32Array; width: number };
  labels: Int32Array;
  rows: Int32Array;
  classes: number;
  examples: Float32Array | null;
  penalty: number;
}

function inBatches(
  tf: Tensorflow,
  { features: { values, width }, labels, rows, classes, examples, penalty }: Lesson,
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
  return softmaxByBatches(tf, { width, classes, labels: all, fill, penalty, seed: 1 }, onStep);
}

function callOf(
  tf: Tensorflow,
  { values, width }: { values: Float32Array; width: number },
  labels: Int32Array,
  rows: Int32Array,
): { x: Tensor2D; y: Tensor1D } {
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
