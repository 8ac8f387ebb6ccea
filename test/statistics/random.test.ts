import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash32, seeded, shuffle } from '../../src/statistics/random.js';
import { golden } from '../support/golden.js';

const reference = golden('random') as { mulberry32: { seed: number; numbers: number[] }[]; hash32: [string, number][] };

test.each(reference.mulberry32)('seed $seed gives the numbers of Mulberry32', ({ seed, numbers }) => {
  const random = seeded(seed);
  expect(numbers.map(() => random())).toEqual(numbers);
});

test.each(reference.hash32)('the hash of "%s" is that of FNV-1a, mixed', (text, expected) =>
  expect(hash32(text)).toBe(expected),
);

test('a seed gives another hash, the same each time', () => {
  expect(hash32('zendesk:35436', 7)).toBe(hash32('zendesk:35436', 7));
  expect(hash32('zendesk:35436', 7)).not.toBe(hash32('zendesk:35436'));
});

test('a shuffle keeps what there is, and what lies beyond its length', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { maxLength: 50 }), fc.nat(50), fc.nat(), (values, most, seed) => {
      const length = Math.min(most, values.length);
      const shuffled = Int32Array.from(values);
      shuffle(shuffled, length, seeded(seed));
      expect([...shuffled.subarray(length)]).toEqual(values.slice(length));
      expect([...shuffled.subarray(0, length)].sort((a, b) => a - b)).toEqual(
        values.slice(0, length).sort((a, b) => a - b),
      );
    }),
  );
});

test('a shuffle draws one number for each place but the last', () => {
  let draws = 0;
  shuffle(new Int32Array(10), 7, () => {
    draws += 1;
    return 0;
  });
  expect(draws).toBe(6);
});

test('a shuffle makes every order alike often', () => {
  const random = seeded(1);
  const counts = new Map<string, number>();
  for (let round = 0; round < 6_000; round += 1) {
    const values = Int32Array.of(1, 2, 3);
    shuffle(values, 3, random);
    counts.set(values.join(), (counts.get(values.join()) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  // 1,000 ± 5 standard deviations
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(145);
});
