/** The alerts of a diagnosis: one for drift whatever its name, one for each broken input. */
import type { DetectedCause } from './alert-store.js';
import { isBrokenInput, type Cause, type CauseKind } from '../diagnosis/cause.js';
import type { AlertDiagnosis } from '../diagnosis/alert-diagnosis.js';
import type { Finding } from '../observations/finding.js';
import type { RetrainAction } from '../decisions/retrain-decision.js';
import { message } from '../messages.js';
import type { ActiveAlarm } from '../detection/active-alarm.js';

/** A label shift has no subject in its name: the template that moved most differs between evaluations. */
const causeName = ({ kind, subject }: Cause): string => `${kind}:${kind === 'label-shift' ? '' : subject}`;

/**
 * Causes of one group are names of one event: a new topic changes the wording too. Broken inputs are independent, and each has to be
 * repaired.
 */
export function causeGroup(name: string): string {
  const [kind = ''] = name.split(':', 1);
  if (kind === 'volume' || kind === 'repeated-text') return kind;
  return isBrokenInput({ kind: kind as CauseKind } as Cause) ? name : 'drift';
}

/** @param diagnosis without a cause there is still one alert, `unexplained` */
export function alertCauses(
  diagnosis: AlertDiagnosis,
  {
    action,
    activeAlarm,
    windowFindings,
  }: { action: RetrainAction; activeAlarm: ActiveAlarm; windowFindings: readonly Finding[] },
): DetectedCause[] {
  const { causes } = diagnosis.evaluation;
  const findings = [...activeAlarm.findings, ...windowFindings.filter(({ alarm }) => alarm)];
  const evidence = { ...diagnosis.evidence, causes, since: activeAlarm.since };
  const named = new Map<string, DetectedCause>();
  for (const cause of causes) {
    const group = causeGroup(causeName(cause));
    if (named.has(group)) continue;
    const own = isBrokenInput(cause) ? 'repair' : action === 'repair' ? 'record' : action;
    const headline = cause.sentence;
    const { examples } = diagnosis;
    named.set(group, {
      cause: causeName(cause),
      group,
      action: own,
      headline,
      message: cause.message,
      findings,
      evidence,
      examples,
    });
  }
  if (named.size > 0) return [...named.values()];
  const [first] = findings;
  const fallback = first ? message('unexplained', { signal: first.signal }) : message('no-cause');
  const unidentified = {
    cause: 'unexplained:',
    group: 'drift',
    action,
    headline: fallback.sentence,
    message: fallback.message,
  };
  return [{ ...unidentified, findings, evidence, examples: diagnosis.examples }];
}
