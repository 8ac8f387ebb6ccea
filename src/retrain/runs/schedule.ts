/** When a scheduled look is due. */
import { Cron } from 'croner';

export interface ScheduleFacts {
  now: Date;
  /** Of the last look that the schedule has made, whatever it decided; null where there was none */
  lastEvaluation: Date | null;
  /** Since when there is a champion; null: the first model comes by itself */
  championSince: Date | null;
}

/**
 * A time that was missed, because nothing ran then, is made up for once; times before the champion came do not count.
 *
 * @param pattern a cron pattern, in UTC
 */
export function isEvaluationDue(pattern: string, facts: ScheduleFacts): boolean {
  const next = nextEvaluation(pattern, facts);
  return next !== null && next <= facts.now;
}

/** The time of the next look, which has passed already where it was missed; null before there is a champion. */
export function nextEvaluation(
  pattern: string,
  { lastEvaluation: lastLook, championSince }: ScheduleFacts,
): Date | null {
  const since = Math.max(lastLook?.getTime() ?? 0, championSince?.getTime() ?? Infinity);
  if (since === Infinity) return null;
  return new Cron(pattern, { timezone: 'UTC', paused: true }).nextRun(new Date(since));
}
