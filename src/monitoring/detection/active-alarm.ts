/**
 * How long an alarm is active. The detectors raise it and restart; from then on the window tests decide whether the drift persists.
 * Only the detectors raise alarms, so the bound on false alarms is theirs.
 */
import type { Alarm } from './change-detector.js';
import type { Finding } from '../observations/finding.js';

export interface ActiveAlarm {
  /** When it was raised first, in ISO 8601 */
  since: string;
  /** Tickets since it was raised last */
  tickets: number;
  /** Findings of the detectors */
  findings: Finding[];
}

/** Tickets since the alarm after which window tests may end it. */
const minTickets = 200;

export function raiseAlarm(
  before: ActiveAlarm | null,
  { alarms, tickets }: { alarms: readonly Alarm[]; tickets: number },
): ActiveAlarm | null {
  const last = alarms.findLast(({ kind }) => kind === 'drift');
  if (last) return { since: before?.since ?? last.at.toISOString(), tickets: 0, findings: last.findings };
  return before && { ...before, tickets: before.tickets + tickets };
}

/** @param findings of the window tests; none where the window has too few tickets */
export function confirmAlarm(active: ActiveAlarm, findings: readonly Finding[]): ActiveAlarm | null {
  if (active.tickets < minTickets || findings.length === 0) return active;
  return findings.some(({ alarm }) => alarm) ? active : null;
}
