import { beforeAll, expect, test } from 'vitest';
import { seeded } from '../../../src/statistics/random.js';
import { trainSoftmaxMinibatch, type MinibatchProblem } from '../../../src/models/heads/minibatch-softmax.js';
import { softmaxScores, trainSoftmax } from '../../../src/models/heads/softmax-head.js';
import { loadTensorflow, type Tensorflow } from '../../../src/models/tensors/tensorflow.js';

const [width, classes, each, cost] = [24, 6, 60, 10];
let tf: Tensorflow;
let values: Float32Array;
const labels = Int32Array.from({ length: classes * each }, (_, row) => row % classes);

beforeAll(async () => {
  ({ tf } = await loadTensorflow('cpu'));
  const random = seeded(5);
  const centres = Float32Array.from({ length: classes * width }, () => random() - 0.5);
  values = Float32Array.from(
    { length: labels.length * width },
    (_, at) => (centres[(labels[Math.floor(at / width)] ?? 0) * width + (at % width)] ?? 0) + 0.8 * (random() - 0.5),
  );
});

const problem = (seed: number): MinibatchProblem => ({
  ...{ width, classes, labels, seed },
  l2: 1 / (cost * labels.length),
  fill: (example, to, at) => to.set(values.subarray(example * width, (example + 1) * width), at),
});

/** Mean loss on what was learned from */
function lossOf(head: { weights: Float32Array; bias: Float32Array }): number {
  const scores = tf.tidy(() =>
    softmaxScores(
      tf,
      { weights: tf.tensor2d(head.weights, [width, classes]), bias: tf.tensor2d(head.bias, [1, classes]) },
      values,
      labels.length,
    ),
  );
  return (
    labels.reduce((sum, label, row) => {
      const own = scores.subarray(row * classes, (row + 1) * classes);
      return sum + Math.log(own.reduce((total, score) => total + Math.exp(score), 0)) - (own[label] ?? 0);
    }, 0) / labels.length
  );
}

test('small steps lead to where looking at all tickets leads, the same way each time', async () => {
  const losses: number[] = [];
  const head = await trainSoftmaxMinibatch(tf, problem(1), (loss) => void losses.push(loss));
  const whole = await trainSoftmax(tf, { values, width }, labels, Int32Array.from(labels.keys()), classes, {
    cost,
    maxSteps: 200,
  });
  expect(losses[0]).toBeCloseTo(Math.log(classes), 4);
  expect(lossOf(head)).toBeLessThan(lossOf(whole) + 0.01);
  const again = await trainSoftmaxMinibatch(tf, problem(1), () => undefined);
  expect(again).toEqual(head);
});
