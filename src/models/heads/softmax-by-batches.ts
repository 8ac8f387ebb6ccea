/**
 * Multinomial logistic regression by small steps: of so many tickets and templates that one look at all of them takes
 * seconds, a few hundred tickets tell well enough which way to go. Adam (Kingma & Ba, ICLR 2015) at a rate that falls to 0.
 */
import type { LinearHead } from './linear-svm.js';
import { seeded, shuffle } from '../../statistics/random.js';
import type { Tensor, Tensor2D, Tensorflow } from '../tensors/tensorflow.js';

export interface BatchProblem {
  width: number;
  classes: number;
  /** Class of each example */
  labels: Int32Array;
  /** Writes the numbers of an example, [width], to a place. */
  fill: (example: number, values: Float32Array, at: number) => void;
  /** Of ½ ‖w‖² beside the mean loss; of the bias a hundredth of it */
  penalty: number;
  seed: number;
}

interface State {
  weights: Tensor2D;
  /** Adam's moments of the gradient */
  first: Tensor2D;
  second: Tensor2D;
}

const batch = 1024;
const passes = 5;
/** Of few examples each is looked at more often. */
const fewestSteps = 600;
const highestRate = 0.05;
const warmUp = 0.05;
const decays = { first: 0.9, second: 0.99 };
const epsilon = 1e-8;

/** @param onStep told the loss of a step's tickets before it, and the share that is done */
export async function softmaxByBatches(
  tf: Tensorflow,
  problem: BatchProblem,
  onStep: (loss: number, share: number) => void | Promise<void>,
): Promise<LinearHead> {
  const { width, classes, labels, penalty, seed } = problem;
  const size = Math.min(batch, labels.length);
  const perPass = Math.ceil(labels.length / size);
  const steps = perPass * Math.max(passes, Math.ceil(fewestSteps / perPass));
  const random = seeded(seed);
  const order = Int32Array.from(labels.keys());
  // Weights and bias as one matrix: the bias is what a number that is always 1 says.
  const held = tf.tidy(() =>
    tf.concat<Tensor2D>([tf.fill([width, classes], penalty), tf.fill([1, classes], penalty / 100)]),
  );
  let state: State = {
    weights: tf.zeros([width + 1, classes]),
    first: tf.zeros([width + 1, classes]),
    second: tf.zeros([width + 1, classes]),
  };
  for (let step = 0; step < steps; step += 1) {
    const start = (step % perPass) * size;
    if (start === 0) shuffle(order, order.length, random);
    const some = order.subarray(start, start + size);
    const values = new Float32Array(some.length * (width + 1)).fill(1);
    some.forEach((example, place) => problem.fill(example, values, place * (width + 1)));
    const own = Int32Array.from(some, (example) => labels[example] ?? 0);
    const rate = highestRate * Math.min((step + 1) / (warmUp * steps), 1 - step / steps);
    const corrected = (rate * Math.sqrt(1 - decays.second ** (step + 1))) / (1 - decays.first ** (step + 1));
    const before = state;
    const { lost, ...after } = tf.tidy(() => {
      const { weights, first, second } = before;
      const x = tf.tensor2d(values, [some.length, width + 1]);
      const right = tf.oneHot(tf.tensor1d(own, 'int32'), classes).toFloat();
      const logProbabilities = tf.logSoftmax(tf.matMul(x, weights));
      const error = tf.div(tf.sub(tf.exp(logProbabilities), right), some.length);
      const gradient = tf.add(tf.matMul(x, error, true), tf.mul(weights, held));
      const mean = tf.add<Tensor2D>(tf.mul(first, decays.first), tf.mul(gradient, 1 - decays.first));
      const square = tf.add<Tensor2D>(tf.mul(second, decays.second), tf.mul(tf.square(gradient), 1 - decays.second));
      const change = tf.div(tf.mul(mean, corrected), tf.add(tf.sqrt(square), epsilon));
      return {
        lost: tf.neg<Tensor>(tf.div<Tensor>(tf.sum<Tensor>(tf.mul(right, logProbabilities)), some.length)),
        weights: tf.sub<Tensor2D>(weights, change),
        first: mean,
        second: square,
      };
    });
    tf.dispose(Object.values(before));
    state = after;
    const loss = lost.dataSync()[0] ?? NaN;
    lost.dispose();
    await onStep(loss, (step + 1) / steps);
  }
  const all = state.weights.dataSync<'float32'>();
  tf.dispose([held, state.weights, state.first, state.second]);
  return { weights: all.slice(0, width * classes), bias: all.slice(width * classes), classes };
}
