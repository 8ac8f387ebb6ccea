import { describe, expect, test } from 'vitest';
import { minimise } from '../../src/statistics/lbfgs.js';
import { expectAllClose, expectClose, golden } from '../support/golden.js';

const minima = golden('minima') as Record<
  string,
  {
    start: number[];
    point: number[];
    value: number;
    valueAtStart: number;
    paths?: { memory: number; values: number[] }[];
  }
>;

type Evaluate = (x: readonly number[]) => number;
/** Moré, Garbow & Hillstrom, "Testing unconstrained optimization software", ACM TOMS 7 (1981) */
const functions: Record<string, Evaluate> = {
  rosenbrock: ([x = 0, y = 0]) => 100 * (y - x * x) ** 2 + (1 - x) ** 2,
  freudensteinRoth: ([x = 0, y = 0]) =>
    (-13 + x + ((5 - y) * y - 2) * y) ** 2 + (-29 + x + ((y + 1) * y - 14) * y) ** 2,
  beale: ([x = 0, y = 0]) =>
    (1.5 - x * (1 - y)) ** 2 + (2.25 - x * (1 - y ** 2)) ** 2 + (2.625 - x * (1 - y ** 3)) ** 2,
  wood: ([a = 0, b = 0, c = 0, d = 0]) =>
    100 * (b - a * a) ** 2 +
    (1 - a) ** 2 +
    90 * (d - c * c) ** 2 +
    (1 - c) ** 2 +
    10 * (b + d - 2) ** 2 +
    0.1 * (b - d) ** 2,
};

const withGradient =
  (evaluate: Evaluate) =>
  (point: Float64Array, gradient: Float64Array): number => {
    const at = [...point];
    at.forEach((value, index) => {
      const step = 1e-6 * Math.max(1, Math.abs(value));
      const moved = (by: number): number => evaluate(at.with(index, value + by));
      gradient[index] = (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
    });
    return evaluate(at);
  };

const bowl = (point: Float64Array, gradient: Float64Array): number => {
  gradient.set(point.map((value) => 2 * value));
  return point.reduce((sum, value) => sum + value * value, 0);
};

const rosenbrock = (point: Float64Array, gradient: Float64Array): number => {
  const [x = 0, y = 0] = point;
  gradient.set([-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)]);
  return 100 * (y - x * x) ** 2 + (1 - x) ** 2;
};

describe('L-BFGS', () => {
  test.each(minima['rosenbrock']?.paths ?? [])(
    'remembers $memory steps, and takes those of the matrix that they stand for',
    async ({ memory, values }) => {
      const found: number[] = [];
      const options = { maxSteps: values.length, tolerance: 0, memory };
      await minimise(rosenbrock, Float64Array.of(-1.2, 1), options, (_, value) => void found.push(value));
      values.forEach((value, at) => expectClose(found[at] ?? NaN, value, 1e-6, 1e-12));
    },
  );

  test.each(Object.entries(minima))(
    'finds the minimum of %s that SciPy finds',
    async (name, { start, point, value, valueAtStart }) => {
      const evaluate = functions[name] as Evaluate;
      expectClose(evaluate(start), valueAtStart, 1e-12);
      const at = Float64Array.from(start);
      const found = await minimise(withGradient(evaluate), at, { maxSteps: 500, tolerance: 1e-15 });
      expectClose(found, value, 1e-9, 1);
      expectAllClose(at, point, 1e-3);
    },
  );

  test('reaches the minimum of a bowl in two steps, and tells each of them', async () => {
    const point = Float64Array.of(3, -4);
    const told: [number, number][] = [];
    const least = await minimise(bowl, point, { tolerance: 1e-12 }, (step, value) => void told.push([step, value]));
    expect(least).toBeCloseTo(0, 12);
    expect(told.map(([step]) => step)).toEqual(told.map((_, at) => at + 1));
    // The first step has length 1 along the gradient: from 5 to 4.
    expect(told[0]?.[1]).toBeCloseTo(16, 9);
    expect(told.length).toBeLessThanOrEqual(4);
  });

  test('stops after as many steps as it may take', async () => {
    const steps: number[] = [];
    const rosenbrock = withGradient(functions['rosenbrock'] as Evaluate);
    await minimise(
      rosenbrock,
      Float64Array.of(-1.2, 1),
      { maxSteps: 5, tolerance: 0 },
      (step) => void steps.push(step),
    );
    expect(steps).toEqual([1, 2, 3, 4, 5]);
    const at = Float64Array.of(-1.2, 1);
    await minimise(rosenbrock, at, { maxSteps: 0 });
    expect(at).toEqual(Float64Array.of(-1.2, 1));
  });

  test('stops when a step gains less than the tolerance', async () => {
    const stepsWith = async (tolerance: number): Promise<number> => {
      let count = 0;
      const rosenbrock = withGradient(functions['rosenbrock'] as Evaluate);
      await minimise(rosenbrock, Float64Array.of(-1.2, 1), { tolerance, maxSteps: 200 }, () => void (count += 1));
      return count;
    };
    const [coarse, fine] = [await stepsWith(0.5), await stepsWith(1e-12)];
    expect(coarse).toBeLessThan(fine / 2);
  });

  test('never leaves a point for a worse one, and stays where no step is better', async () => {
    const values: number[] = [];
    await minimise(
      withGradient(functions['wood'] as Evaluate),
      Float64Array.of(-3, -1, -3, -1),
      {},
      (_, value) => void values.push(value),
    );
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    // A gradient that points the wrong way: no step gains anything.
    const wrong = (point: Float64Array, gradient: Float64Array): number => {
      const value = bowl(point, gradient);
      gradient.forEach((slope, at) => (gradient[at] = -slope));
      return value;
    };
    const point = Float64Array.of(3, 4);
    expect(await minimise(wrong, point)).toBe(25);
    expect(point).toEqual(Float64Array.of(3, 4));
  });

  test('waits for a function that answers later', async () => {
    const point = Float64Array.of(1, 1);
    await minimise((at, gradient) => Promise.resolve(bowl(at, gradient)), point, { tolerance: 1e-12 });
    expectAllClose(point, [0, 0], 1e-5);
  });
});
