import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chiSquareTail,
  gammaTail,
  hypergeometricTail,
  logGamma,
  normalQuantile,
  normalTail,
  studentTail,
} from '../../src/statistics/special-functions.js';
import { expectClose, golden } from '../support/golden.js';

type Two = [number, number];
type Three = [number, number, number];
type Five = [number, number, number, number, number];
interface Reference {
  logGamma: Two[];
  gammaTail: Three[];
  chiSquareTail: Three[];
  normalTail: Two[];
  normalQuantile: Two[];
  studentTail: Three[];
  hypergeometricTail: Five[];
}
const { published, ...exact } = golden('special-functions') as Reference & {
  published: Pick<Reference, 'normalTail' | 'chiSquareTail' | 'studentTail' | 'hypergeometricTail'>;
};

describe('special functions equal mpmath with 40 digits', () => {
  test.each(exact.logGamma)('log gamma of %d', (x, expected) => expectClose(logGamma(x), expected, 1e-13, 1));

  test.each(exact.gammaTail)('upper gamma tail, shape %d at %d', (shape, x, expected) =>
    expectClose(gammaTail(shape, x), expected, 1e-11),
  );

  test.each(exact.chiSquareTail)('chi-square with %d degrees at %d', (degrees, x, expected) =>
    expectClose(chiSquareTail(degrees, x), expected, 1e-12),
  );

  test.each(exact.normalTail)('normal tail at %d', (z, expected) => expectClose(normalTail(z), expected, 1e-12));

  test.each(exact.normalQuantile)('normal quantile of %d', (p, expected) =>
    expectClose(normalQuantile(p), expected, 1.2e-9, 1e-9),
  );

  test.each(exact.studentTail)("Student's t with %d degrees at %d", (degrees, t, expected) =>
    expectClose(studentTail(degrees, t), expected, 1e-11),
  );

  test.each(exact.hypergeometricTail)(
    'hypergeometric, at least %d: %d tickets, %d marked, %d drawn',
    (k, all, marked, drawn, expected) => expectClose(hypergeometricTail(k, all, marked, drawn), expected, 1e-9),
  );
});

describe('special functions equal published tables', () => {
  test.each(published.normalTail)('normal tail at %d', (z, expected) => expect(normalTail(z)).toBeCloseTo(expected, 9));

  test.each(published.chiSquareTail)('chi-square with %d degrees at %d', (degrees, x, expected) =>
    expectClose(chiSquareTail(degrees, x), expected, 1e-4),
  );

  test.each(published.studentTail)("Student's t with %d degrees at %d", (degrees, t, expected) =>
    expectClose(studentTail(degrees, t), expected, 2e-3),
  );

  test.each(published.hypergeometricTail)('tea with milk: at least %d right', (k, all, marked, drawn, expected) =>
    expectClose(hypergeometricTail(k, all, marked, drawn), expected, 1e-13),
  );
});

describe('whatever the argument', () => {
  const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

  test('tails fall from 1 to 0', () => {
    fc.assert(
      fc.property(number(0.1, 200), number(0, 400), number(0, 50), (shape, x, step) => {
        const [here, there] = [gammaTail(shape, x), gammaTail(shape, x + step)];
        expect(here).toBeLessThanOrEqual(1);
        expect(there).toBeGreaterThanOrEqual(0);
        expect(there).toBeLessThanOrEqual(here + 1e-12);
      }),
    );
  });

  test('log gamma fulfils Γ(x + 1) = x · Γ(x)', () => {
    fc.assert(fc.property(number(0.01, 1e4), (x) => expectClose(logGamma(x + 1) - logGamma(x), Math.log(x), 1e-10, 1)));
  });

  test('quantile and tail undo one another', () => {
    fc.assert(fc.property(number(1e-9, 1 - 1e-9), (p) => expectClose(normalTail(-normalQuantile(p)), p, 1e-7)));
  });

  test('Student’s distribution is symmetric, and normal with many degrees', () => {
    fc.assert(
      fc.property(number(1, 100), number(-20, 20), (degrees, t) => {
        expect(studentTail(degrees, t) + studentTail(degrees, -t)).toBeCloseTo(1, 12);
      }),
    );
    expectClose(studentTail(1e7, 2), normalTail(2), 1e-6);
  });

  test('drawing at least k is certain at the least possible k, and impossible beyond the most', () => {
    const sizes = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.nat(60), fc.nat(60))
      .map(([all, marked, drawn]): Three => [all, Math.min(marked, all), Math.min(drawn, all)]);
    fc.assert(
      fc.property(sizes, ([all, marked, drawn]) => {
        expect(hypergeometricTail(Math.max(0, marked + drawn - all), all, marked, drawn)).toBe(1);
        for (const beyond of [1, 2, 5]) {
          expect(hypergeometricTail(Math.min(marked, drawn) + beyond, all, marked, drawn)).toBe(0);
        }
      }),
    );
  });

  test('nothing is beyond the ends', () => {
    expect(gammaTail(2, 0)).toBe(1);
    expect(gammaTail(2, -1)).toBe(1);
    expect(studentTail(3, Infinity)).toBe(0);
    expect(studentTail(3, 0)).toBe(0.5);
  });
});
