import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BettingTest,
  bettingWealth,
  combineWealth,
  holm,
  meanDifference,
  normalCdf,
  studentMean,
} from '../../src/statistics/paired-test.js';
import { seeded } from '../../src/statistics/random.js';
import { expectAllClose, expectClose, golden } from '../support/golden.js';

const betting = golden('betting') as {
  paired: { differences: number[]; bound: number; margin: number; now: number; highest: number }[];
  together: { kinds: { differences: number[]; bound: number }[]; now: number; highest: number };
  holm: { pValues: number[]; adjusted: number[] }[];
};
const intervals = golden('intervals') as {
  paired: { differences: number[]; mean: number; low: number; high: number; error: number };
  spread: { values: number[]; mean: number; low: number; high: number; error: number };
  normalBelow: [number, number][];
};

describe('betting on paired differences', () => {
  test.each(betting.paired)(
    'equals the recursion of the paper, margin $margin',
    ({ differences, bound, margin, now, highest }) => {
      const wealth = bettingWealth(differences, bound, margin);
      expectClose(wealth.now, now, 1e-10);
      expectClose(wealth.highest, highest, 1e-10);
    },
  );

  test('of several kinds is the mean of their wealth; a shorter one keeps what it has', () => {
    const { kinds, now, highest } = betting.together;
    const wealth = combineWealth(kinds);
    expectClose(wealth.now, now, 1e-10);
    expectClose(wealth.highest, highest, 1e-10);
  });

  test('begins with 1, and wins nothing by equal answers', () => {
    const bets = new BettingTest(1);
    expect(bets.wealth()).toEqual({ now: 1, highest: 1 });
    bets.add(0);
    expect(bets.wealth()).toEqual({ now: 1, highest: 1 });
    expect(bettingWealth([], 1)).toEqual({ now: 1, highest: 1 });
  });

  test('of one stream tells its wealth after each difference', () => {
    const bets = new BettingTest(1);
    const path = [1, 1, -1, -1].map((difference) => {
      bets.add(difference);
      return bets.wealth();
    });
    expect(path.map(({ highest }) => highest)).toEqual(
      [path[0], path[1], path[1], path[1]].map((wealth) => wealth?.now),
    );
    expect(path[3]).toEqual({ ...bettingWealth([1, 1, -1, -1], 1) });
  });

  test('keeps the most that it had while it loses', () => {
    const { now, highest } = bettingWealth([1, 1, 1, -1, -1], 1);
    expect(highest).toBeGreaterThan(2);
    expect(now).toBeLessThan(highest);
  });

  test('reaches 20 in at most one of twenty streams without a difference', () => {
    const random = seeded(17);
    const reached = Array.from({ length: 400 }, () =>
      bettingWealth(
        Array.from({ length: 300 }, () => Math.floor(3 * random()) - 1),
        1,
      ),
    ).filter(({ highest }) => highest >= 20);
    expect(reached.length).toBeLessThanOrEqual(20);
  });
});

describe('the mean of paired differences', () => {
  test('equals the formula of Bonett and Price (2012)', () => {
    const { differences, ...expected } = intervals.paired;
    const found = meanDifference(differences);
    expectAllClose(
      [found.mean, found.low, found.high, found.error],
      [expected.mean, expected.low, expected.high, expected.error],
      2e-5,
    );
  });

  test('has a wider interval for a larger z', () => {
    const { differences } = intervals.paired;
    const { low, high, error } = meanDifference(differences, 3);
    expect(high - low).toBeCloseTo(6 * error, 12);
  });

  test('is unknown without differences, and never outside −1 and 1', () => {
    expect(meanDifference([])).toEqual({ mean: 0, low: -1, high: 1, error: Math.SQRT1_2 });
    expect(meanDifference([1]).high).toBe(1);
    expect(meanDifference([-1]).low).toBe(-1);
    expect(meanDifference([1]).mean).toBe(1);
  });

  test('of spread differences has nearly the interval of Student’s t', () => {
    const { values, mean, error, low, high } = intervals.spread;
    const found = studentMean(values);
    expectAllClose([found.mean, found.error], [mean, error], 1e-12);
    // Of 11 degrees of freedom; the next term of the series is 2 %.
    expectClose(found.high - found.mean, high - mean, 0.02);
    expectClose(found.mean - found.low, mean - low, 0.02);
  });

  test('of one spread difference tells nothing', () => {
    expect(studentMean([0.3])).toEqual({ mean: 0.3, low: -1, high: 1, error: 1 });
    expect(studentMean([])).toEqual({ mean: 0, low: -1, high: 1, error: 1 });
    expect(studentMean([0.2, 0.4]).error).toBeCloseTo(0.1, 12);
  });
});

describe('p-values', () => {
  test.each(intervals.normalBelow)('the normal distribution at %d equals SciPy to 1.5e-7', (z, expected) =>
    expect(Math.abs(normalCdf(z) - expected)).toBeLessThan(1.5e-7),
  );

  test.each(betting.holm)('$pValues by Holm equal statsmodels', ({ pValues, adjusted }) =>
    expectAllClose(holm(pValues), adjusted, 1e-14),
  );

  test('by Holm are no smaller than before, at most 1, and in the same order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (pValues) => {
        const adjusted = holm(pValues);
        pValues.forEach((value, a) => {
          expect(adjusted[a]).toBeGreaterThanOrEqual(value);
          expect(adjusted[a]).toBeLessThanOrEqual(1);
          pValues.forEach((other, b) => {
            if (value < other) expect(adjusted[a]).toBeLessThanOrEqual(adjusted[b] ?? NaN);
          });
        });
      }),
    );
  });
});
