import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  poissonInterval,
  meanInterval,
  quantileBounds,
  proportionInterval,
  wilsonInterval,
} from '../../src/statistics/intervals.js';
import { expectAllClose, expectClose, golden } from '../support/golden.js';

type Four = [number, number, number, number];
const reference = golden('intervals') as {
  wilson: Four[];
  mean: { values: number[]; low: number; high: number };
  poisson: [count: number, low: number, high: number][];
  quantileBounds: Four[];
  published: { wilson: Four[] };
};

describe('the interval of a share', () => {
  test.each(reference.wilson)('%d of %d equals statsmodels', (hits, of, low, high) =>
    expectAllClose(wilsonInterval(hits, of), [low, high], 2e-5),
  );

  test.each(reference.published.wilson)('%d of %d equals the table of Newcombe (1998)', (hits, of, low, high) =>
    expectAllClose(wilsonInterval(hits, of), [low, high], 5.1e-5),
  );

  test('holds the share and lies within 0 and 1', () => {
    const counts = fc
      .integer({ min: 1, max: 100_000 })
      .chain((of) => fc.tuple(fc.integer({ min: 0, max: of }), fc.constant(of)));
    fc.assert(
      fc.property(counts, ([hits, of]) => {
        const [low, high] = wilsonInterval(hits, of);
        expect(0 <= low && low <= hits / of && hits / of <= high && high <= 1).toBe(true);
      }),
    );
  });

  test('is everything where nothing was counted', () => {
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
    expect(proportionInterval(0, 0)).toBeNull();
  });

  test('comes with the share and its size', () => {
    const [low, high] = wilsonInterval(15, 148);
    expect(proportionInterval(15, 148)).toEqual({ value: 15 / 148, low, high, of: 148 });
  });
});

describe('the interval of a mean', () => {
  const sums = (values: readonly number[]) => ({
    of: values.length,
    sum: values.reduce((a, b) => a + b, 0),
    squares: values.reduce((a, b) => a + b * b, 0),
  });

  test('equals statsmodels', () => {
    const { values, low, high } = reference.mean;
    const mean = meanInterval(sums(values));
    expectAllClose([mean?.low ?? NaN, mean?.high ?? NaN], [low, high], 1e-6);
    expect(mean?.value).toBeCloseTo(sums(values).sum / values.length, 12);
    expect(mean?.of).toBe(values.length);
  });

  test('needs two values, and is a point where they are equal', () => {
    expect(meanInterval(sums([4]))).toBeNull();
    expect(meanInterval(sums([4, 4]))).toEqual({ value: 4, low: 4, high: 4, of: 2 });
  });
});

describe('the interval of a count', () => {
  test.each(reference.poisson)('of %d comes within 1 % of the exact one', (count, low, high) => {
    const found = poissonInterval(count);
    expectClose(found.low, low, 0.01, 3);
    expectClose(found.high, high, 0.01);
    expect(found).toMatchObject({ value: count, of: count });
  });

  test('of nothing begins at 0', () => {
    const { low, high } = poissonInterval(0);
    expect(low).toBe(0);
    expectClose(high, 3.689, 0.01);
  });
});

describe('the bounds of a quantile', () => {
  test.each(reference.quantileBounds)('%d of %d values equal SciPy', (share, of, low, high) =>
    expectAllClose(quantileBounds(share, of), [low, high], 1e-6),
  );

  test('stay within 0 and 1', () => {
    expect(quantileBounds(0.95, 4)[1]).toBe(1);
    expect(quantileBounds(0.05, 4)[0]).toBe(0);
  });
});
