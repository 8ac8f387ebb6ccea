/** When a consumer counts as stalled, by positions and ends of its partitions. Times are ms. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConsumerHealth } from '../../../src/ingest/consumer/consumer-health.js';

const minute = 60_000;

function consumer(...partitions: number[]): ConsumerHealth {
  const health = new ConsumerHealth('tickets');
  health.joined(0, partitions);
  return health;
}

test('a partition whose records nobody reads is named, although others are read', () => {
  const health = consumer(0, 1);
  health.read(0, 0, 5);
  health.ends(0, 0, 9);
  for (let now = 0; now <= 2 * minute; now += minute / 2) {
    health.read(now, 1, now);
    health.ends(now, 1, now + 1);
  }
  expect(health.stall(minute)).toBeNull();
  expect(health.stall(2 * minute)).toBe('stalled: tickets/0 has a lag of 4 and no progress from offset 5 for 120 s');
});

test('a partition that is read to its end is never stalled, and its time begins with the next record', () => {
  const health = consumer(0);
  health.read(0, 0, 7);
  expect(health.ends(10 * minute, 0, 7)).toBe(0);
  expect(health.stall(60 * minute)).toBeNull();
  expect(health.ends(60 * minute, 0, 8)).toBe(1);
  expect(health.stall(60 * minute + 1)).toBeNull();
  expect(health.stall(62 * minute)).not.toBeNull();
});

test('a consumer that waits for the database or the ranking is not stalled', () => {
  const health = consumer(0);
  health.read(0, 0, 0);
  health.ends(0, 0, 3);
  health.waiting(2 * minute, 0);
  expect(health.stall(2 * minute)).toBeNull();
});

test('joining the group again is no progress', () => {
  const health = consumer(0);
  health.read(0, 0, 0);
  health.ends(0, 0, 3);
  for (let now = minute / 2; now <= 2 * minute; now += minute / 2) health.joined(now, [0]);
  expect(health.stall(2 * minute)).not.toBeNull();
});

test('partitions that are assigned elsewhere are returned once, and do not count', () => {
  const health = consumer(0, 1, 2);
  health.read(0, 2, 0);
  health.ends(0, 2, 3);
  expect(health.joined(0, [1])).toEqual([0, 2]);
  expect(health.joined(0, [1])).toEqual([]);
  expect(health.stall(2 * minute)).toBeNull();
  expect(health.ends(0, 2, 9)).toBeNull();
});

test('the lag is what is between position and end', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (position, end) => {
      const health = consumer(0);
      expect(health.ends(0, 0, end)).toBeNull();
      health.read(0, 0, position);
      expect(health.ends(0, 0, end)).toBe(Math.max(0, end - position));
    }),
  );
});
