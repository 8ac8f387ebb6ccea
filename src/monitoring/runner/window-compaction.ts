/**
 * Windows of event time. Old ones are merged into longer ones, so that months take no more room than their number of days: hours
 * after three hours, days after two days, four weeks after four weeks.
 */

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Level 0 is a window as it was counted. */
export const compactionLevels = [
  { level: 1, lengthMs: hourMs, afterMs: 3 * hourMs },
  { level: 2, lengthMs: dayMs, afterMs: 2 * dayMs },
  { level: 3, lengthMs: 28 * dayMs, afterMs: 28 * dayMs },
] as const;

export interface WindowSpan {
  id: number;
  level: number;
  startsAt: Date;
  endsAt: Date;
}

export interface Compaction {
  level: number;
  startsAt: Date;
  endsAt: Date;
  /** Of the windows that are merged */
  ids: number[];
}

/**
 * Which windows to merge: those of one hour, day or four weeks that ended long enough before the newest. A late window joins the
 * longer one of its time.
 */
export function planCompactions(windows: readonly WindowSpan[]): Compaction[] {
  const newest = windows.reduce((latest, { endsAt }) => Math.max(latest, endsAt.getTime()), -Infinity);
  const planned = new Map<string, Compaction>();
  for (const { id, level, startsAt, endsAt } of windows) {
    const target = compactionLevels.findLast(({ lengthMs, afterMs }) => {
      return alignedSpan(startsAt, lengthMs).end <= newest - afterMs;
    });
    if (!target) continue;
    const { start, end } = alignedSpan(startsAt, target.lengthMs);
    const key = `${target.level} ${start}`;
    const compaction = planned.get(key) ?? {
      level: target.level,
      startsAt: new Date(start),
      endsAt: new Date(end),
      ids: [],
    };
    planned.set(key, {
      ...compaction,
      level: Math.max(compaction.level, level),
      // Windows may be configured to be longer than an hour.
      endsAt: endsAt > compaction.endsAt ? endsAt : compaction.endsAt,
      ids: [...compaction.ids, id],
    });
  }
  const levels = new Map(windows.map(({ id, level }) => [id, level]));
  // A single window that is long enough already stays.
  return [...planned.values()]
    .filter(({ level, ids }) => ids.length > 1 || levels.get(ids[0] ?? 0) !== level)
    .sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
}

function alignedSpan(at: Date, lengthMs: number): { start: number; end: number } {
  const start = Math.floor(at.getTime() / lengthMs) * lengthMs;
  return { start, end: start + lengthMs };
}

/** Bounds of the tumbling window that a moment belongs to. */
export function windowAt(at: Date, seconds: number): { from: Date; to: Date } {
  const { start, end } = alignedSpan(at, seconds * 1000);
  return { from: new Date(start), to: new Date(end) };
}

/** Windows that end at or before it are closed; tickets that come later still are late. */
export function watermarkAt(
  now: Date,
  { windowSeconds, allowedLatenessSeconds }: { windowSeconds: number; allowedLatenessSeconds: number },
): Date {
  return windowAt(new Date(now.getTime() - allowedLatenessSeconds * 1000), windowSeconds).from;
}
