/** When expired rows are erased. */
import { expect, test } from 'vitest';
import { nextNight } from '../../../src/suggest/retention/retention.service.js';

test('the night is at 3:17 UTC', () => {
  const night = (now: string): string => nextNight(new Date(now)).toISOString();
  expect(night('2026-12-31T03:16:59Z')).toBe('2026-12-31T03:17:00.000Z');
  expect(night('2026-12-31T03:17:00Z')).toBe('2027-01-01T03:17:00.000Z');
});
