import { expect, test } from 'vitest';
import { formatPercent, formatPoints, percentOf, toPercent } from '../../src/statistics/percent.js';

test('shares become percent with two digits, or one', () => {
  expect(toPercent(0.123456)).toBe(12.35);
  expect(toPercent(0.123456, 1)).toBe(12.3);
});

test('a part of nothing is 0 percent', () => {
  expect(percentOf(1, 3)).toBe(33.33);
  expect(percentOf(0, 0)).toBe(0);
});

test('sentences have one digit: percent of a share, percentage points of a difference', () => {
  expect(formatPercent(0.0456)).toBe('4.6%');
  expect(formatPoints(-0.0456)).toBe('-4.6 pp');
});
