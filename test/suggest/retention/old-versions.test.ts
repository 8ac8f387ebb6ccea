import fc from 'fast-check';
import { expect, test } from 'vitest';
import { championVerdict, rolloutVerdict } from '../../../src/retrain/rollout/acceptance-watch.js';
import { seeded } from '../../../src/statistics/random.js';
import { versionsToDelete } from '../../../src/suggest/retention/old-versions.js';

test('the newest versions stay, and those in use however old they are', () => {
  expect(versionsToDelete(['e', 'd', 'c', 'b', 'a'], new Set(['a', 'e']), 1)).toEqual(['c', 'b']);
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.nat(5), fc.nat(3), (versions, kept, used) => {
      const needed = new Set(versions.slice(-used));
      const gone = versionsToDelete(versions, needed, kept);
      expect(gone.some((version) => needed.has(version))).toBe(false);
      expect(versions.length - gone.length).toBeGreaterThanOrEqual(Math.min(versions.length, kept));
    }),
  );
});

test('a canary that agents accept less is rolled back; an equal one may take over', () => {
  const random = seeded(1);
  const pairs = (rollout: number, champion: number, count: number) =>
    Array.from({ length: count }, () => ({
      rollout: random() < rollout ? 1 : 0,
      champion: random() < champion ? 1 : 0,
    }));
  expect(rolloutVerdict(pairs(0.6, 0.85, 400)).state).toBe('worse');
  expect(rolloutVerdict(pairs(0.95, 0.85, 2000)).state).toBe('good');
  expect(rolloutVerdict(pairs(0.85, 0.85, 50)).state).toBe('open');
});

test('a new champion is held against the rate of the one before it', () => {
  const random = seeded(2);
  const outcomes = (rate: number) => Array.from({ length: 500 }, () => (random() < rate ? 1 : 0));
  const before = { accepted: 1700, total: 2000 };
  expect(championVerdict(outcomes(0.6), before).state).toBe('worse');
  expect(championVerdict(outcomes(0.86), before).state).toBe('open');
  expect(championVerdict(outcomes(0), { accepted: 0, total: 0 }).state).toBe('open');
});
