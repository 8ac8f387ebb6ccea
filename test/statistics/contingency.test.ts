import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chiSquareTest, reweightToHours, testCategories, testBinnedNumbers } from '../../src/statistics/contingency.js';
import { expectAllClose, expectClose, golden } from '../support/golden.js';

interface Counts {
  reference: number[];
  window: number[];
}
const golds = golden('contingency') as {
  chiSquare: (Counts & { statistic: number; pValue: number })[];
  names: (Counts & { pValue: number; bin: number; statistic?: number })[];
  numbers: (Counts & { pValue: number; sign: number })[];
  hours: Counts & { bins: number; likeReference: number[]; likeWindow: number[] };
};

const arrays = ({ reference, window }: Counts) => ({
  reference: Float64Array.from(reference),
  window: Float64Array.from(window),
});

describe('counts of a window against those of the reference', () => {
  test.each(golds.chiSquare)('$window against $reference by chi-square equal SciPy, rare bins pooled', (counts) => {
    const { reference, window } = arrays(counts);
    const { statistic, pValue } = chiSquareTest(reference, window);
    expectClose(statistic, counts.statistic, 1e-12, 1);
    expectClose(pValue, counts.pValue, 1e-10);
  });

  test.each(golds.names)('names: $window against $reference equal SciPy', (counts) => {
    const found = testCategories(arrays(counts));
    expectClose(found?.pValue ?? NaN, counts.pValue, 1e-10);
    expect(found?.bin).toBe(counts.bin);
    expectClose(found?.statistic ?? NaN, counts.statistic ?? -Math.log10(counts.pValue), 1e-10, 1);
  });

  test.each(golds.numbers)('numbers: $window against $reference equal SciPy', (counts) => {
    const found = testBinnedNumbers(arrays(counts));
    expectClose(found?.pValue ?? NaN, counts.pValue, 1e-10);
    expect(Math.sign(found?.statistic ?? NaN)).toBe(counts.sign);
    expect(found?.bin).toBe(-1);
  });

  test('need tickets on both sides, and more than one bin', () => {
    const [none, some] = [Float64Array.of(0, 0), Float64Array.of(3, 4)];
    for (const run of [testCategories, testBinnedNumbers]) {
      expect(run({ reference: none, window: some })).toBeNull();
      expect(run({ reference: some, window: none })).toBeNull();
      expect(run({ reference: Float64Array.of(5, 0), window: Float64Array.of(7, 0) })).toBeNull();
      expect(run({ reference: Float64Array.of(1, 0), window: Float64Array.of(0, 1) })).not.toBeNull();
    }
  });

  test('need a whole ticket of either, as a reference weighted by hours may have less', () => {
    const [half, some] = [Float64Array.of(0.3, 0.2), Float64Array.of(3, 4)];
    for (const run of [testCategories, testBinnedNumbers]) {
      expect(run({ reference: half, window: some })).toBeNull();
      expect(run({ reference: some, window: half })).toBeNull();
    }
  });

  test('are never told impossible', () => {
    const [low, high] = [Float64Array.of(1e5, 1, 0), Float64Array.of(0, 1, 1e5)];
    expect(testCategories({ reference: low, window: high })?.pValue).toBe(1e-300);
    expect(testBinnedNumbers({ reference: low, window: high })?.pValue).toBe(1e-300);
    expect(testCategories({ reference: low.subarray(0, 2), window: high.subarray(1) })?.pValue).toBe(1e-300);
  });

  test('rise with the ranks, and fall with them', () => {
    const [low, high] = [Float64Array.of(30, 20, 10), Float64Array.of(10, 20, 30)];
    expect(testBinnedNumbers({ reference: low, window: high })?.statistic).toBeGreaterThan(3);
    expect(testBinnedNumbers({ reference: high, window: low })?.statistic).toBeLessThan(-3);
    expect(testBinnedNumbers({ reference: low, window: low })?.statistic).toBe(0);
    expect(testBinnedNumbers({ reference: low, window: low })?.pValue).toBe(1);
  });

  test('give a p-value, whatever they are', () => {
    const counts = fc.array(fc.tuple(fc.nat(400), fc.nat(60)), { minLength: 2, maxLength: 15 });
    fc.assert(
      fc.property(counts, (pairs) => {
        const both = arrays({ reference: pairs.map(([a]) => a), window: pairs.map(([, b]) => b) });
        for (const found of [
          testCategories(both),
          testBinnedNumbers(both),
          chiSquareTest(both.reference, both.window),
        ]) {
          if (found) expect(found.pValue > 0 && found.pValue <= 1).toBe(true);
        }
      }),
    );
  });
});

describe('the reference as it would be in the hours of the window', () => {
  test('equals a sample weighted by hours, worth as many tickets as Kish says', () => {
    const { bins, likeReference, likeWindow, ...counts } = golds.hours;
    const { reference, window } = arrays(counts);
    const found = reweightToHours(reference, window, bins);
    expectAllClose(found.reference, likeReference, 1e-12 * 100);
    // Hours that the reference does not know are left out of the window, but make the reference worth less.
    expect([...found.window]).toEqual(likeWindow);
  });

  test('is itself where there is one block of hours, or the same share of each', () => {
    const { reference, window } = arrays({ reference: [3, 4], window: [5, 6] });
    expect(reweightToHours(reference, window, 2).reference).toBe(reference);
    expect(reweightToHours(reference, window, 2).window).toBe(window);
    const twice = arrays({ reference: [30, 10, 15, 5], window: [2, 2, 1, 1] });
    expectAllClose(reweightToHours(twice.reference, twice.window, 2).reference, [45, 15], 1e-9);
  });

  test('is nothing where the two have no hour in common', () => {
    const apart = arrays({ reference: [3, 4, 0, 0], window: [0, 0, 5, 6] });
    expect(reweightToHours(apart.reference, apart.window, 2)).toEqual({
      reference: new Float64Array(2),
      window: new Float64Array(2),
    });
  });
});
