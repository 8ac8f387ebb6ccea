/** When a scheduled evaluation of whether to retrain is due. */
import { Cron } from 'croner';

export interface ScheduleFacts {
  now: Date;
  /** The last scheduled evaluation, whatever it decided; null without one */
  lastEvaluation: Date | null;
  /** When the first champion was promoted; null without one */
  championSince: Date | null;
}

/**
 * Missed times are made up for once; times before the first champion do not count.
 *
 * @param pattern a cron pattern, in UTC
 */
export function isEvaluationDue(pattern: string, facts: ScheduleFacts): boolean {
  const next = nextEvaluation(pattern, facts);
  return next !== null && next <= facts.now;
}

/** The next scheduled time, in the past if it was missed; null without a champion. */
export function nextEvaluation(pattern: string, { lastEvaluation, championSince }: ScheduleFacts): Date | null {
  const since = Math.max(lastEvaluation?.getTime() ?? 0, championSince?.getTime() ?? Infinity);
  if (since === Infinity) return null;
  return new Cron(pattern, { timezone: 'UTC', paused: true }).nextRun(new Date(since));
}
