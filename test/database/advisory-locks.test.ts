import { expect, test } from 'vitest';
import { advisoryLocks } from '../../src/database/advisory-locks.js';

test('no two advisory locks share a number', () => {
  const numbers = Object.values(advisoryLocks);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test('every number fits the type that PostgreSQL takes', () => {
  const { outboxRange, ...single } = advisoryLocks;
  expect(outboxRange).toBeLessThan(2 ** 31);
  for (const number of Object.values(single)) expect(Number.isSafeInteger(number)).toBe(true);
});
