/**
 * How long an alarm stands. The detectors raise it and begin anew; from then on the window's tests say whether what they saw is
 * still there. Only the detectors raise, so the promise is theirs.
 */
import type { Alarm } from './change-watch.js';
import type { Finding } from '../observations/finding.js';

export interface StandingAlarm {
  /** When it was raised first, in ISO 8601 */
  since: string;
  /** Tickets that were counted since it was raised last */
  tickets: number;
  /** What the detectors saw */
  findings: Finding[];
}

/** So many tickets have to come before a window can say that it is over. */
const fewestTickets = 200;

export function afterBucket(
  before: StandingAlarm | null,
  { alarms, tickets }: { alarms: readonly Alarm[]; tickets: number },
): StandingAlarm | null {
  const last = alarms.findLast(({ kind }) => kind === 'drift');
  if (last) return { since: before?.since ?? last.at.toISOString(), tickets: 0, findings: last.findings };
  return before && { ...before, tickets: before.tickets + tickets };
}

/** @param findings of the window's tests; none where it has too few tickets */
export function afterWindow(standing: StandingAlarm, findings: readonly Finding[]): StandingAlarm | null {
  if (standing.tickets < fewestTickets || findings.length === 0) return standing;
  return findings.some(({ alarm }) => alarm) ? standing : null;
}
