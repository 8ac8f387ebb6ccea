import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planCalls } from '../../../src/models/encoder/encoder-calls.js';

const lengths = fc.array(fc.integer({ min: 1, max: 256 }), { maxLength: 300 });

test('every window is read once, by at most one lane at a time', () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 4 }), (some, lanes) => {
      const sorted = some.toSorted((a, b) => a - b);
      const planned = planCalls(sorted, lanes);
      const read = planned.flat().flatMap(({ start, end }) => sorted.map((_, at) => at).slice(start, end));
      expect(read.sort((a, b) => a - b)).toEqual([...sorted.keys()]);
      for (const calls of planned) expect(calls.length).toBeLessThanOrEqual(lanes);
    }),
  );
});

test('a long text among short ones does not make them as long as itself', () => {
  const sorted = [...Array.from({ length: 63 }, () => 10), 250];
  const padded = planCalls(sorted, 2)
    .flat()
    .reduce((sum, { start, end }) => sum + (end - start) * (sorted[end - 1] ?? 0), 0);
  expect(padded).toBeLessThan(1.5 * sorted.reduce((sum, length) => sum + length, 0));
});

test('two texts are read by two lanes at once', () => {
  expect(planCalls([12, 14], 2)).toHaveLength(1);
});
