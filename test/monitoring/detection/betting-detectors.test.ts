import { describe, expect, test } from 'vitest';
import {
  rankCells,
  categoryEValue,
  noveltyMixture,
  numericMixture,
  type Direction,
} from '../../../src/monitoring/detection/betting-detectors.js';
import { expectAllClose, expectClose, golden } from '../../support/golden.js';

const reference = golden('detectors') as {
  shownCells: number[];
  densities: {
    smallestEffect: number;
    side: Direction | 'novelty';
    cells: number[][];
    means: number[];
    weights: number[];
  }[];
  nameBets: [ratio: number, share: number, isIt: boolean, smallestEffect: number, bet: number][];
};

describe('bets on a rank', () => {
  test.each(reference.densities)(
    '$side, smallest effect $smallestEffect: equal the densities by SciPy',
    ({ smallestEffect, side, ...expected }) => {
      const { functions, weights } =
        side === 'novelty' ? noveltyMixture(smallestEffect) : numericMixture(smallestEffect, side);
      expect(weights).toEqual(expected.weights);
      expect(functions.length).toBe(expected.cells.length);
      functions.forEach((bet, at) => {
        const shown = reference.shownCells.map((cell) => bet[cell] ?? NaN);
        expected.cells[at]?.forEach((value, place) => expectClose(shown[place] ?? NaN, value, 1e-5));
        expectClose(bet.reduce((sum, value) => sum + value, 0) / rankCells, expected.means[at] ?? NaN, 1e-6);
      });
    },
  );

  test('go both ways unless one is said', () => {
    expect(numericMixture(0.05)).toEqual(numericMixture(0.05, 'both'));
  });

  test('win nothing in the mean, however small a shift is no news', () => {
    for (const smallestEffect of [0, 0.01, 0.1]) {
      for (const { functions, weights } of [
        numericMixture(smallestEffect),
        numericMixture(smallestEffect, 'higher'),
        noveltyMixture(smallestEffect),
      ]) {
        for (const bet of functions)
          expect(bet.reduce((sum, value) => sum + value, 0) / rankCells).toBeLessThan(1 + 1e-6);
        expectAllClose([weights.reduce((a, b) => a + b, 0)], [1], 1e-12);
      }
    }
  });
});

describe('bets on a name', () => {
  test.each(reference.nameBets)(
    '%d times as often of a share of %d, it is one: %s',
    (ratio, share, isIt, smallestEffect, expected) =>
      expectClose(categoryEValue(ratio, share, isIt, smallestEffect), expected, 1e-12),
  );

  test('win nothing in the mean', () => {
    for (const ratio of [0.1, 0.6, 1.5, 4, 32])
      for (const share of [0.001, 0.2, 0.7])
        expectClose(
          share * categoryEValue(ratio, share, true, 0) + (1 - share) * categoryEValue(ratio, share, false, 0),
          1,
          1e-12,
        );
  });
});
