/**
 * How long an alarm stands. The detectors raise it and begin anew; from then on the window's tests say whether what they saw is
 * still there. Only the detectors raise, so the promise is theirs.
 */
import type { Alarm } from './change-detector.js';
import type { Finding } from '../observations/finding.js';

export interface ActiveAlarm {
  /** When it was raised first, in ISO 8601 */
  since: string;
  /** Tickets that were counted since it was raised last */
  tickets: number;
  /** What the detectors saw */
  findings: Finding[];
}

/** So many tickets have to come before a window can say that it is over. */
const minTickets = 200;

export function raiseAlarm(
  before: ActiveAlarm | null,
  { alarms, tickets }: { alarms: readonly Alarm[]; tickets: number },
): ActiveAlarm | null {
  const last = alarms.findLast(({ kind }) => kind === 'drift');
  if (last) return { since: before?.since ?? last.at.toISOString(), tickets: 0, findings: last.findings };
  return before && { ...before, tickets: before.tickets + tickets };
}

/** @param findings of the window's tests; none where it has too few tickets */
export function confirmAlarm(standing: ActiveAlarm, findings: readonly Finding[]): ActiveAlarm | null {
  if (standing.tickets < minTickets || findings.length === 0) return standing;
  return findings.some(({ alarm }) => alarm) ? standing : null;
}
