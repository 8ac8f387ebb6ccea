import { describe, expect, test } from 'vitest';
import { fisherGreater, poissonBinomialTail, proportion } from '../../src/statistics/proportions.js';
import { expectClose, golden } from '../support/golden.js';

const reference = golden('contingency') as {
  fisherGreater: [hits: number, of: number, before: number, ofBefore: number, pValue: number][];
  moreThanExpected: { hits: number; probabilities: number[]; pValue: number }[];
};

describe("Fisher's exact test", () => {
  test.each(reference.fisherGreater)(
    'of %d in %d against %d in %d equals SciPy',
    (hits, of, before, ofBefore, pValue) =>
      expectClose(fisherGreater({ hits, of }, { hits: before, of: ofBefore }), pValue, 1e-11),
  );

  test('says nothing where one side is empty', () => {
    expect(fisherGreater({ hits: 0, of: 0 }, { hits: 3, of: 10 })).toBe(1);
    expect(fisherGreater({ hits: 3, of: 10 }, { hits: 0, of: 0 })).toBe(1);
  });

  test('is never 0', () => {
    expect(fisherGreater({ hits: 5_000, of: 5_000 }, { hits: 0, of: 5_000 })).toBe(Number.MIN_VALUE);
  });
});

describe('hits that each have a probability of their own', () => {
  test.each(reference.moreThanExpected)(
    'at least $hits of $probabilities equals SciPy',
    ({ hits, probabilities, pValue }) => expectClose(poissonBinomialTail(hits, probabilities), pValue, 1e-11),
  );

  test('are certain or impossible where no probability leaves a choice', () => {
    expect(poissonBinomialTail(1, [1, 0])).toBe(1);
    expect(poissonBinomialTail(2, [1, 0])).toBe(Number.MIN_VALUE);
  });

  test('are never told impossible', () => {
    expect(poissonBinomialTail(10_000, Array<number>(10_000).fill(0.01))).toBe(Number.MIN_VALUE);
  });
});

test('a share of nothing is 0', () => {
  expect(proportion({ hits: 0, of: 0 })).toBe(0);
  expect(proportion({ hits: 3, of: 4 })).toBe(0.75);
});
