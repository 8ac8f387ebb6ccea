import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Reference numbers of `test/golden/make_golden.py`. */
export const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as unknown;

/** @param relative of the larger of |expected| and `floor` */
export function expectClose(actual: number, expected: number, relative: number, floor = 0): void {
  const difference = Math.abs(actual - expected);
  const allowed = relative * Math.max(Math.abs(expected), floor);
  expect(difference <= allowed, `${actual} is ${difference} from ${expected}, ${allowed} is allowed`).toBe(true);
}

/** @param absolute difference that each may have */
export function expectAllClose(actual: ArrayLike<number>, expected: readonly number[], absolute: number): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, at) => expectClose(actual[at] ?? NaN, value, absolute / Math.max(Math.abs(value), 1e-300)));
}
