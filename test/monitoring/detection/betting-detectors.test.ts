import { describe, expect, test } from 'vitest';
import {
  cells,
  nameBet,
  noveltyBets,
  numberBets,
  type Side,
} from '../../../src/monitoring/detection/betting-detectors.js';
import { expectAllClose, expectClose, golden } from '../../support/golden.js';

const reference = golden('detectors') as {
  shownCells: number[];
  densities: {
    smallestEffect: number;
    side: Side | 'novelty';
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
      const { bets, weights } = side === 'novelty' ? noveltyBets(smallestEffect) : numberBets(smallestEffect, side);
      expect(weights).toEqual(expected.weights);
      expect(bets.length).toBe(expected.cells.length);
      bets.forEach((bet, at) => {
        const shown = reference.shownCells.map((cell) => bet[cell] ?? NaN);
        expected.cells[at]?.forEach((value, place) => expectClose(shown[place] ?? NaN, value, 1e-5));
        expectClose(bet.reduce((sum, value) => sum + value, 0) / cells, expected.means[at] ?? NaN, 1e-6);
      });
    },
  );

  test('go both ways unless one is said', () => {
    expect(numberBets(0.05)).toEqual(numberBets(0.05, 'both'));
  });

  test('win nothing in the mean, however small a shift is no news', () => {
    for (const smallestEffect of [0, 0.01, 0.1]) {
      for (const { bets, weights } of [
        numberBets(smallestEffect),
        numberBets(smallestEffect, 'higher'),
        noveltyBets(smallestEffect),
      ]) {
        for (const bet of bets) expect(bet.reduce((sum, value) => sum + value, 0) / cells).toBeLessThan(1 + 1e-6);
        expectAllClose([weights.reduce((a, b) => a + b, 0)], [1], 1e-12);
      }
    }
  });
});

describe('bets on a name', () => {
  test.each(reference.nameBets)(
    '%d times as often of a share of %d, it is one: %s',
    (ratio, share, isIt, smallestEffect, expected) =>
      expectClose(nameBet(ratio, share, isIt, smallestEffect), expected, 1e-12),
  );

  test('win nothing in the mean', () => {
    for (const ratio of [0.1, 0.6, 1.5, 4, 32])
      for (const share of [0.001, 0.2, 0.7])
        expectClose(share * nameBet(ratio, share, true, 0) + (1 - share) * nameBet(ratio, share, false, 0), 1, 1e-12);
  });
});
