import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { windowAt, planCompactions, watermark, type WindowSpan } from '../../../src/monitoring/runner/window-compaction.js';

/** Times that the monitor counts as one, and how old ones are folded. */

const at = (text: string): Date => new Date(`2026-01-${text}:00Z`);

describe('a bucket', () => {
  test('begins and ends at round times', () => {
    expect(windowAt(at('05T10:17'), 600)).toEqual({ from: at('05T10:10'), to: at('05T10:20') });
  });

  test('is closed when its time is over and late tickets have had theirs', () => {
    const settings = { bucketSeconds: 600, latenessSeconds: 120 };
    expect(watermark(at('05T10:21'), settings)).toEqual(at('05T10:10'));
    expect(watermark(at('05T10:22'), settings)).toEqual(at('05T10:20'));
  });
});

/** Closed buckets of ten minutes, `count` of them up to a moment. */
function closed(until: Date, count: number): WindowSpan[] {
  return Array.from({ length: count }, (_, index) => {
    const endsAt = new Date(until.getTime() - (count - 1 - index) * 600_000);
    return { number: index + 1, level: 0, startsAt: new Date(endsAt.getTime() - 600_000), endsAt };
  });
}

/** Folds until there is nothing left to do. */
function foldAll(buckets: WindowSpan[]): WindowSpan[] {
  let next = 1_000_000;
  let current = buckets;
  for (;;) {
    const [fold] = planCompactions(current);
    if (!fold) return current;
    const { numbers, ...span } = fold;
    current = [...current.filter(({ number }) => !numbers.includes(number)), { number: (next += 1), ...span }];
  }
}

describe('folding', () => {
  test('leaves the last hours as they are, and makes hours of the rest of the day', () => {
    const folded = foldAll(closed(at('05T12:00'), 36));
    expect(folded.filter(({ level }) => level === 0)).toHaveLength(18);
    expect(folded.filter(({ level }) => level === 1)).toHaveLength(3);
  });

  test('takes the room of days, not of minutes', () => {
    const folded = foldAll(closed(at('30T00:00'), 29 * 144));
    expect(folded.length).toBeLessThan(18 + 51 + 29);
    expect(folded.every(({ level }) => level < 3)).toBe(true);
  });

  test('takes what came late into what is folded already', () => {
    const folded = foldAll(closed(at('05T12:00'), 36));
    const late = { number: 77, level: 0, startsAt: at('05T07:10'), endsAt: at('05T07:20') };
    const [fold] = planCompactions([...folded, late]);
    expect(fold?.numbers).toHaveLength(2);
    expect(foldAll([...folded, late])).toHaveLength(folded.length);
  });

  test('loses no time and counts none twice', () => {
    const span = fc.record({ start: fc.integer({ min: 0, max: 200_000 }), level: fc.constantFrom(0, 0, 0, 1) });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 60 }), (drawn) => {
        const buckets = drawn.map(({ start, level }, index) => {
          const startsAt = new Date(start * 600_000);
          return { number: index, level, startsAt, endsAt: new Date(startsAt.getTime() + 600_000) };
        });
        const numbers = planCompactions(buckets).flatMap((fold) => fold.numbers);
        expect(new Set(numbers).size).toBe(numbers.length);
        for (const { numbers: own, startsAt, endsAt } of planCompactions(buckets)) {
          for (const bucket of buckets.filter(({ number }) => own.includes(number))) {
            expect(bucket.startsAt >= startsAt && bucket.startsAt < endsAt).toBe(true);
          }
        }
      }),
    );
  });
});
