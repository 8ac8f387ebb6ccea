import { beforeAll, describe, expect, test } from 'vitest';
import { fitDiscriminant } from '../../../src/models/heads/discriminant.js';
import { NearestTickets, buildTicketBank } from '../../../src/models/heads/nearest-tickets.js';
import { softmaxScores, trainSoftmax } from '../../../src/models/heads/softmax-head.js';
import { softmax } from '../../../src/models/ranking/softmax.js';
import { loadTensorflow, type Tensorflow } from '../../../src/models/tensors/tensorflow.js';
import { seeded } from '../../../src/statistics/random.js';
import { expectAllClose, expectClose } from '../../support/golden.js';
import { iris, standardised } from '../../support/iris.js';

let tf: Tensorflow;
beforeAll(async () => {
  ({ tf } = await loadTensorflow('cpu'));
});

const labels = Int32Array.from(iris.labels);
const rows = Int32Array.from(labels.keys());
const dense = (values: readonly number[][]) => ({ values: Float32Array.from(values.flat()), width: 4 });

describe('heads on dense rows', () => {
  test('softmax regression has the loss and the probabilities of scikit-learn', async () => {
    const { cost, objective, probabilities } = iris.softmax;
    const features = dense(standardised);
    const head = await trainSoftmax(tf, features, labels, rows, 3, { cost, maxSteps: 400 });
    const scores = tf.tidy(() =>
      softmaxScores(
        tf,
        { weights: tf.tensor2d(head.weights, [4, 3]), bias: tf.tensor2d(head.bias, [1, 3]) },
        features.values,
        labels.length,
      ),
    );
    const found = [...rows].map((row) => [...softmax(Float64Array.from(scores.subarray(row * 3, row * 3 + 3)))]);
    const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
    const penalty = (squares(head.weights) + squares(head.bias) / 100) / 2 / cost;
    const loss =
      [...rows].reduce((sum, row) => sum - Math.log(found[row]?.[labels[row] ?? 0] ?? NaN), penalty) / labels.length;
    // It stops at a gain of 1e-4, so it is no better than the minimum, and hardly worse.
    expect(loss).toBeGreaterThan(objective * (1 - 1e-5));
    expectClose(loss, objective, 2e-3);
    probabilities.forEach((expected, row) => expectAllClose(found[row] ?? [], expected, 0.02));
  });

  test('the discriminant equals scikit-learn’s with the same shrinkage, its directions of one length', () => {
    const head = fitDiscriminant(tf, { dense: dense(iris.rows), labels, rows, classes: 3, templates: null });
    const { weights, bias } = iris.discriminant;
    expectAllClose(head.weights, weights.flat(), 5e-3);
    expectAllClose(head.bias, bias, 5e-3);
  });

  test('the discriminant of a few tickets is the one of the same tickets counted five times', () => {
    const random = seeded(7);
    const [width, count, classes] = [40, 12, 3];
    const few = { values: Float32Array.from({ length: count * width }, () => random() - 0.5), width };
    const classOf = Int32Array.from({ length: count }, (_, row) => row % classes);
    const fit = (times: number) => {
      const taken = Int32Array.from({ length: times * count }, (_, at) => at % count);
      return fitDiscriminant(tf, { dense: few, labels: classOf, rows: taken, classes, templates: null });
    };
    const [once, often] = [fit(1), fit(5)];
    expectAllClose(once.weights, [...often.weights], 1e-2);
    expectAllClose(once.bias, [...often.bias], 1e-2);
  });

  test('the nearest ticket of each class is as similar as scikit-learn says', () => {
    const unit = iris.rows.map((row) => row.map((value) => value / Math.hypot(...row)));
    const bank = buildTicketBank(
      {
        dense: { ...dense(unit), templates: new Float32Array() },
        embeddingSize: 4,
        labels,
        classes: ['setosa', 'versicolor', 'virginica'],
        idHashes: [],
      },
      rows.subarray(0, 100),
      1,
    );
    const nearest = new NearestTickets(tf, bank);
    const queries = unit.slice(100, 106);
    expectAllClose(nearest.scores(Float32Array.from(queries.flat()), queries.length), iris.nearest.flat(), 1e-6);
    nearest.dispose();
  });
});
