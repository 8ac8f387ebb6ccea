import { describe, expect, test } from 'vitest';
import { fitLogistic, logisticProbability } from '../../src/statistics/logistic-regression.js';
import { expectAllClose } from '../support/golden.js';
import { iris } from '../support/iris.js';

const targets = iris.labels.map((label) => Number(label === 2));

describe('logistic regression', () => {
  test.each(iris.logistic)(
    'equals scikit-learn with a ridge of $ridge, weighted: $weighted',
    ({ ridge, weighted, weights, probabilities }) => {
      const own = weighted ? { weights: iris.sampleWeights } : {};
      const model = fitLogistic({ rows: iris.rows, targets, ...own }, ridge);
      expectAllClose(model.weights, weights, 1e-6);
      expectAllClose(
        probabilities.map((_, at) => logisticProbability(model, iris.rows[at] ?? [])),
        probabilities,
        1e-7,
      );
    },
  );

  test('has a ridge of one ticket unless it is told', () => {
    expectAllClose(fitLogistic({ rows: iris.rows, targets }).weights, iris.logistic[0]?.weights ?? [], 1e-6);
  });

  test('without a ridge equals the generalised linear model of statsmodels', () => {
    expectAllClose(fitLogistic({ rows: iris.rows, targets }, 0).weights, iris.logisticWithoutRidge, 1e-4);
  });

  test('standardises as scikit-learn does', () => {
    const { means, scales } = fitLogistic({ rows: iris.rows, targets });
    expectAllClose(means, iris.standardised.means, 1e-12);
    expectAllClose(scales, iris.standardised.scales, 1e-12);
  });

  test('takes targets between 0 and 1 as that share of each', () => {
    const rows = [[0], [1], [2], [3]];
    const shares = [0.1, 0.3, 0.6, 0.8];
    const split = fitLogistic({
      rows: [...rows, ...rows],
      targets: [1, 1, 1, 1, 0, 0, 0, 0],
      weights: [...shares, ...shares.map((share) => 1 - share)],
    });
    expectAllClose(fitLogistic({ rows, targets: shares }).weights, [...split.weights], 1e-9);
  });

  test('gives the share of hits where features tell nothing, or there are none', () => {
    const constant = fitLogistic({ rows: [[5], [5], [5], [5]], targets: [1, 0, 0, 0] });
    expect(constant.scales).toEqual(Float64Array.of(1));
    expect(logisticProbability(constant, [5])).toBeCloseTo(0.25, 9);
    const empty = fitLogistic({ rows: [[], []], targets: [1, 0] });
    expect(logisticProbability(empty, [])).toBeCloseTo(0.5, 12);
    expect(fitLogistic({ rows: [], targets: [] }).weights).toEqual(Float64Array.of(0));
  });

  test('stays finite where a feature parts the two without an error', () => {
    const model = fitLogistic({ rows: [[0], [1], [10], [11]], targets: [0, 0, 1, 1] }, 1e-3);
    expect(logisticProbability(model, [10.5])).toBeGreaterThan(0.95);
    expect(logisticProbability(model, [0.5])).toBeLessThan(0.05);
  });
});
