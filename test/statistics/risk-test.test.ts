import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/statistics/random.js';
import { testRisk } from '../../src/statistics/risk-test.js';
import { expectClose, golden } from '../support/golden.js';

const { risk } = golden('betting') as {
  risk: {
    before: { hits: number; of: number };
    errors: number[];
    tolerance: number;
    level: number;
    minError: number;
    bearable: number;
    capital: number;
    risen: boolean;
    observed: number;
  }[];
};

describe('a risen error rate', () => {
  test.each(risk)('equals the recursion of the paper: $before, level $level', ({ before, errors, ...expected }) => {
    const { tolerance, level, minError } = expected;
    const settings = { tolerance, level, ...(minError === 0 ? {} : { minError }) };
    const found = testRisk(before, errors, settings);
    expectClose(found.tolerated, expected.bearable, 1e-12);
    expectClose(found.capital, expected.capital, 1e-10);
    expect(found.risen).toBe(expected.risen);
    expect(found.observed).toBeCloseTo(expected.observed, 12);
    expect(found.labels).toBe(errors.length);
  });

  test('is not found without labels, nor where the reference tells nothing', () => {
    const settings = { tolerance: 0.02, level: 0.05 };
    expect(testRisk({ hits: 3, of: 100 }, [], settings)).toMatchObject({
      risen: false,
      capital: 1,
      observed: 0,
      labels: 0,
    });
    const { tolerated, risen } = testRisk({ hits: 0, of: 1 }, Array<number>(500).fill(1), settings);
    expect(tolerated).toBeCloseTo(1, 8);
    expect(risen).toBe(false);
  });

  test('counts a reference of two tickets, but none of fewer', () => {
    const settings = { tolerance: 0, level: 0.9 };
    expect(testRisk({ hits: 0, of: 2 }, [], settings).tolerated).toBeLessThan(0.7);
    for (const of of [0, 1]) expect(testRisk({ hits: 0, of }, [], settings).tolerated).toBeCloseTo(1, 8);
  });

  test('is observed between 0 and 1, whatever corrected errors sum to', () => {
    const settings = { tolerance: 0.02, level: 0.05, minError: -1 };
    expect(testRisk({ hits: 3, of: 100 }, [-0.5, -0.2], settings).observed).toBe(0);
    expect(testRisk({ hits: 3, of: 100 }, [1.5, 1.2], settings).observed).toBe(1);
  });

  test('is found in at most a share `level` of streams whose rate is tolerated', () => {
    const random = seeded(5);
    const level = 0.1;
    const alarms = Array.from({ length: 200 }, () => {
      const errors = Array.from({ length: 400 }, () => Number(random() < 0.12));
      return testRisk({ hits: 100, of: 1_000 }, errors, { tolerance: 0.02, level });
    }).filter(({ risen }) => risen);
    expect(alarms.length).toBeLessThanOrEqual(20);
  });

  test('is found where it is large', () => {
    const errors = Array.from({ length: 200 }, (_, index) => Number(index % 2 === 0));
    expect(testRisk({ hits: 100, of: 1_000 }, errors, { tolerance: 0.02, level: 0.05 }).risen).toBe(true);
  });
});
