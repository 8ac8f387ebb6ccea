/**
 * Multinomial logistic regression on mini-batches, for data where one pass over all rows takes seconds. Adam (Kingma & Ba, ICLR
 * 2015) with warm-up and a learning rate that falls linearly to 0.
 */
import type { LinearHead } from './linear-svm.js';
import { seeded, shuffle } from '../../statistics/random.js';
import type { Tensor, Tensor2D, Tensorflow } from '../tensors/tensorflow.js';

export interface MinibatchProblem {
  width: number;
  classes: number;
  /** Class of each example */
  labels: Int32Array;
  /** Copies the numbers of an example, [width], into `values` from `at` on. */
  fill: (example: number, values: Float32Array, at: number) => void;
  /** Penalty l2 · ½ ‖w‖² beside the mean loss; a hundredth of it on the bias */
  l2: number;
  seed: number;
}

interface TrainingState {
  weights: Tensor2D;
  /** Adam's moments of the gradient */
  first: Tensor2D;
  second: Tensor2D;
}

const batchSize = 1024;
const minEpochs = 5;
/** With few examples there are more epochs, until there are this many steps. */
const minSteps = 600;
const peakRate = 0.05;
/** Share of the steps in which the rate rises */
const warmUp = 0.05;
const momentDecay = { first: 0.9, second: 0.99 };
const epsilon = 1e-8;

/** @param onStep called with the loss of the step's batch before the step, and the share of steps done */
export async function trainSoftmaxMinibatch(
  tf: Tensorflow,
  problem: MinibatchProblem,
  onStep: (loss: number, share: number) => void | Promise<void>,
): Promise<LinearHead> {
  const { width, classes, labels, l2, seed } = problem;
  const size = Math.min(batchSize, labels.length);
  const stepsPerEpoch = Math.ceil(labels.length / size);
  const steps = stepsPerEpoch * Math.max(minEpochs, Math.ceil(minSteps / stepsPerEpoch));
  const random = seeded(seed);
  const order = Int32Array.from(labels.keys());
  // Weights and bias as one matrix: the bias is the weight of a feature that is always 1.
  const penalties = tf.tidy(() =>
    tf.concat<Tensor2D>([tf.fill([width, classes], l2), tf.fill([1, classes], l2 / 100)]),
  );
  let state: TrainingState = {
    weights: tf.zeros([width + 1, classes]),
    first: tf.zeros([width + 1, classes]),
    second: tf.zeros([width + 1, classes]),
  };
  for (let step = 0; step < steps; step += 1) {
    const start = (step % stepsPerEpoch) * size;
    if (start === 0) shuffle(order, order.length, random);
    const some = order.subarray(start, start + size);
    const values = new Float32Array(some.length * (width + 1)).fill(1);
    some.forEach((example, place) => problem.fill(example, values, place * (width + 1)));
    const own = Int32Array.from(some, (example) => labels[example] ?? 0);
    const rate = peakRate * Math.min((step + 1) / (warmUp * steps), 1 - step / steps);
    const corrected = (rate * Math.sqrt(1 - momentDecay.second ** (step + 1))) / (1 - momentDecay.first ** (step + 1));
    const before = state;
    const { lossTensor, ...after } = tf.tidy(() => {
      const { weights, first, second } = before;
      const x = tf.tensor2d(values, [some.length, width + 1]);
      const right = tf.oneHot(tf.tensor1d(own, 'int32'), classes).toFloat();
      const logProbabilities = tf.logSoftmax(tf.matMul(x, weights));
      const error = tf.div(tf.sub(tf.exp(logProbabilities), right), some.length);
      const gradient = tf.add(tf.matMul(x, error, true), tf.mul(weights, penalties));
      const mean = tf.add<Tensor2D>(tf.mul(first, momentDecay.first), tf.mul(gradient, 1 - momentDecay.first));
      const square = tf.add<Tensor2D>(
        tf.mul(second, momentDecay.second),
        tf.mul(tf.square(gradient), 1 - momentDecay.second),
      );
      const change = tf.div(tf.mul(mean, corrected), tf.add(tf.sqrt(square), epsilon));
      return {
        lossTensor: tf.neg<Tensor>(tf.div<Tensor>(tf.sum<Tensor>(tf.mul(right, logProbabilities)), some.length)),
        weights: tf.sub<Tensor2D>(weights, change),
        first: mean,
        second: square,
      };
    });
    tf.dispose(Object.values(before));
    state = after;
    const loss = lossTensor.dataSync()[0] ?? NaN;
    lossTensor.dispose();
    await onStep(loss, (step + 1) / steps);
  }
  const all = state.weights.dataSync<'float32'>();
  tf.dispose([penalties, state.weights, state.first, state.second]);
  return { weights: all.slice(0, width * classes), bias: all.slice(width * classes), classes };
}
