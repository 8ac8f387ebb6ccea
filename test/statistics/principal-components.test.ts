import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dot, principalComponents } from '../../src/statistics/principal-components.js';
import { seeded } from '../../src/statistics/random.js';
import { expectAllClose } from '../support/golden.js';
import { iris } from '../support/iris.js';

const rows = iris.rows.map((row) => Float32Array.from(row));
const mean = Float32Array.from(iris.standardised.means);

describe('principal components', () => {
  test('equal those of scikit-learn but for their signs', () => {
    const found = principalComponents(rows, mean, 2, seeded(1));
    iris.principalComponents.forEach((expected, at) => {
      const own = [...found.subarray(at * 4, (at + 1) * 4)];
      const sign = Math.sign(own.reduce((sum, value, place) => sum + value * (expected[place] ?? 0), 0));
      expectAllClose(
        own.map((value) => sign * value),
        expected,
        1e-4,
      );
    });
  });

  test('are orthonormal', () => {
    const found = principalComponents(rows, mean, 4, seeded(2));
    for (let a = 0; a < 4; a += 1)
      for (let b = 0; b < 4; b += 1)
        expect(dot(found.subarray(a * 4, (a + 1) * 4), found, b * 4, 4)).toBeCloseTo(a === b ? 1 : 0, 5);
  });

  test('beyond the rank of the rows are zeros', () => {
    const line = [-2, -1, 0, 1, 2].map((step) => Float32Array.of(3 * step, 4 * step, 0));
    const found = principalComponents(line, new Float32Array(3), 2, seeded(3));
    expectAllClose([...found].map(Math.abs), [0.6, 0.8, 0, 0, 0, 0], 1e-5);
  });
});

test('a product of parts of arrays equals the plain sum, for odd and even lengths', () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 9 });
  fc.assert(
    fc.property(values, fc.nat(3), (own, start) => {
      const a = Float32Array.from(own);
      const b = Float32Array.from([...Array<number>(start).fill(99), ...own.map((value) => value + 1)]);
      expect(dot(a, b, start, a.length)).toBe(own.reduce((sum, value) => sum + value * (value + 1), 0));
    }),
  );
});
