import { describe, expect, test } from 'vitest';
import type { ClassList, ClassProbabilities } from '../../../src/monitoring/diagnosis/class-probabilities.js';
import {
  estimateShares,
  logMarginal,
  reweightTicket,
  shareDistance,
} from '../../../src/monitoring/diagnosis/label-shift.js';
import { expectAllClose, expectClose, golden } from '../../support/golden.js';

const reference = golden('label-shift') as {
  before: number[];
  window: number[][];
  estimates: { strength: number; shares: number[]; inWindow: number[] }[];
  marginal: { counts: number[]; values: [strength: number, logarithm: number][] };
  reweighted: { shares: number[]; values: number[] };
};
const classes: ClassList = { names: ['a', 'b', 'c'], shares: Float64Array.from(reference.before) };
const whole = (values: readonly number[]): ClassProbabilities => ({
  classes: Int32Array.of(0, 1, 2),
  values: Float64Array.from(values),
  rest: 0,
});
const window = reference.window.map(whole);

describe('shares without labels', () => {
  // Rounds end when shares change by less than 1e-5.
  test.each(reference.estimates)(
    'equal expectation maximisation with a prior worth $strength tickets',
    ({ strength, shares, inWindow }) => {
      const found = estimateShares(classes, window, strength);
      expectAllClose(found.shares, shares, 1e-3);
      expectAllClose(found.inWindow, inWindow, 1e-3);
      expect(found.strength).toBe(strength);
    },
  );

  test('by themselves take the prior under which the window is most likely', () => {
    const found = estimateShares(classes, window);
    const likelihood = (strength: number): number => {
      const { inWindow } = estimateShares(classes, window, strength);
      return logMarginal(
        classes.shares,
        inWindow.map((share) => share * window.length),
        strength,
      );
    };
    for (const other of [10, 100, 1_000, 10_000])
      expect(likelihood(found.strength)).toBeGreaterThanOrEqual(likelihood(other) - 0.01);
  });

  test('of no ticket are those of the reference', () => {
    expect(estimateShares(classes, []).shares).toEqual(classes.shares);
  });

  test.each(reference.marginal.values)(
    'are as likely as SciPy says under a prior worth %d tickets',
    (strength, logarithm) =>
      expectClose(logMarginal(classes.shares, Float64Array.from(reference.marginal.counts), strength), logarithm, 1e-9),
  );
});

test('a ticket re-weighted to other shares equals Bayes’ rule, also where only its best classes are listed', () => {
  const { shares, values } = reference.reweighted;
  const [first = []] = reference.window;
  const found = reweightTicket(classes, whole(first), Float64Array.from(shares));
  expectAllClose(found.values, values, 1e-12);
  expect(found.rest).toBe(0);
  // Two of three listed: the third is the whole rest.
  const partly = {
    classes: Int32Array.of(2, 0),
    values: Float64Array.of(first[2] ?? 0, first[0] ?? 0),
    rest: first[1] ?? 0,
  };
  const own = reweightTicket(classes, partly, Float64Array.from(shares));
  expectAllClose([...own.values, own.rest], [values[2] ?? 0, values[0] ?? 0, values[1] ?? 0], 1e-12);
});

test('the distance of shares is the part that would have to move', () => {
  expect(shareDistance(Float64Array.of(0.5, 0.3, 0.2), Float64Array.of(0.2, 0.3, 0.5))).toBeCloseTo(0.3, 12);
});
