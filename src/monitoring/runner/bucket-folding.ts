/**
 * Old buckets are folded into longer ones, so that months take no more room than their number of days: hours after three hours,
 * days after two days, four weeks after four weeks.
 */

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Level 0 is as it was closed. */
export const foldedLevels = [
  { level: 1, lengthMs: hourMs, afterMs: 3 * hourMs },
  { level: 2, lengthMs: dayMs, afterMs: 2 * dayMs },
  { level: 3, lengthMs: 28 * dayMs, afterMs: 28 * dayMs },
] as const;

export interface BucketSpan {
  number: number;
  level: number;
  startsAt: Date;
  endsAt: Date;
}

export interface Fold {
  level: number;
  startsAt: Date;
  endsAt: Date;
  /** Of the buckets that become one */
  numbers: number[];
}

/**
 * Which buckets become one: those of one hour, day or four weeks that ended long enough before the newest. One that came late
 * for a time that is folded already joins it.
 */
export function foldsOf(buckets: readonly BucketSpan[]): Fold[] {
  const newest = buckets.reduce((latest, { endsAt }) => Math.max(latest, endsAt.getTime()), -Infinity);
  const folded = new Map<string, Fold>();
  for (const { number, level, startsAt, endsAt } of buckets) {
    const target = foldedLevels.findLast(({ lengthMs, afterMs }) => {
      return spanOf(startsAt, lengthMs).end <= newest - afterMs;
    });
    if (!target) continue;
    const { start, end } = spanOf(startsAt, target.lengthMs);
    const key = `${target.level} ${start}`;
    const fold = folded.get(key) ?? {
      level: target.level,
      startsAt: new Date(start),
      endsAt: new Date(end),
      numbers: [],
    };
    folded.set(key, {
      ...fold,
      level: Math.max(fold.level, level),
      // A bucket may be set to be longer than an hour.
      endsAt: endsAt > fold.endsAt ? endsAt : fold.endsAt,
      numbers: [...fold.numbers, number],
    });
  }
  const levelOf = new Map(buckets.map(({ number, level }) => [number, level]));
  // Alone and long enough already, there is nothing to do.
  return [...folded.values()]
    .filter(({ level, numbers }) => numbers.length > 1 || levelOf.get(numbers[0] ?? 0) !== level)
    .sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
}

function spanOf(at: Date, lengthMs: number): { start: number; end: number } {
  const start = Math.floor(at.getTime() / lengthMs) * lengthMs;
  return { start, end: start + lengthMs };
}

/** Bounds of the bucket that a moment belongs to. */
export function bucketOf(at: Date, seconds: number): { from: Date; to: Date } {
  const { start, end } = spanOf(at, seconds * 1000);
  return { from: new Date(start), to: new Date(end) };
}

/** What occurred before this moment is complete, but for what comes later than we wait for. */
export function watermark(
  now: Date,
  { bucketSeconds, latenessSeconds }: { bucketSeconds: number; latenessSeconds: number },
): Date {
  return bucketOf(new Date(now.getTime() - latenessSeconds * 1000), bucketSeconds).from;
}
