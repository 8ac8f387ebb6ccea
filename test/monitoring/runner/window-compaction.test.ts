import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  windowAt,
  planCompactions,
  watermarkAt,
  type WindowSpan,
} from '../../../src/monitoring/runner/window-compaction.js';

/** Windows of event time, and how old ones are merged. */

const at = (text: string): Date => new Date(`2026-01-${text}:00Z`);

describe('a window', () => {
  test('begins and ends at round times', () => {
    expect(windowAt(at('05T10:17'), 600)).toEqual({ from: at('05T10:10'), to: at('05T10:20') });
  });

  test('closes at its end plus the allowed lateness', () => {
    const settings = { windowSeconds: 600, allowedLatenessSeconds: 120 };
    expect(watermarkAt(at('05T10:21'), settings)).toEqual(at('05T10:10'));
    expect(watermarkAt(at('05T10:22'), settings)).toEqual(at('05T10:20'));
  });
});

/** Closed windows of ten minutes, `count` of them up to a moment. */
function closed(until: Date, count: number): WindowSpan[] {
  return Array.from({ length: count }, (_, index) => {
    const endsAt = new Date(until.getTime() - (count - 1 - index) * 600_000);
    return { id: index + 1, level: 0, startsAt: new Date(endsAt.getTime() - 600_000), endsAt };
  });
}

/** Merges until there is nothing left to merge. */
function compactAll(windows: WindowSpan[]): WindowSpan[] {
  let next = 1_000_000;
  let current = windows;
  for (;;) {
    const [compaction] = planCompactions(current);
    if (!compaction) return current;
    const { ids, ...span } = compaction;
    current = [...current.filter(({ id }) => !ids.includes(id)), { id: (next += 1), ...span }];
  }
}

describe('compaction', () => {
  test('keeps the windows of the last hours, and merges the rest of the day into hours', () => {
    const compacted = compactAll(closed(at('05T12:00'), 36));
    expect(compacted.filter(({ level }) => level === 0)).toHaveLength(18);
    expect(compacted.filter(({ level }) => level === 1)).toHaveLength(3);
  });

  test('takes the room of days, not of minutes', () => {
    const compacted = compactAll(closed(at('30T00:00'), 29 * 144));
    expect(compacted.length).toBeLessThan(18 + 51 + 29);
    expect(compacted.every(({ level }) => level < 3)).toBe(true);
  });

  test('merges a late window into the longer one of its time', () => {
    const compacted = compactAll(closed(at('05T12:00'), 36));
    const late = { id: 77, level: 0, startsAt: at('05T07:10'), endsAt: at('05T07:20') };
    const [compaction] = planCompactions([...compacted, late]);
    expect(compaction?.ids).toHaveLength(2);
    expect(compactAll([...compacted, late])).toHaveLength(compacted.length);
  });

  test('loses no window and merges none twice', () => {
    const span = fc.record({ start: fc.integer({ min: 0, max: 200_000 }), level: fc.constantFrom(0, 0, 0, 1) });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 60 }), (drawn) => {
        const windows = drawn.map(({ start, level }, index) => {
          const startsAt = new Date(start * 600_000);
          return { id: index, level, startsAt, endsAt: new Date(startsAt.getTime() + 600_000) };
        });
        const ids = planCompactions(windows).flatMap((compaction) => compaction.ids);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { ids: own, startsAt, endsAt } of planCompactions(windows)) {
          for (const window of windows.filter(({ id }) => own.includes(id))) {
            expect(window.startsAt >= startsAt && window.startsAt < endsAt).toBe(true);
          }
        }
      }),
    );
  });
});
