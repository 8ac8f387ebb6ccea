/** From what explains an alarm to the alerts that people get: one for all that drift is called, one for each broken input. */
import type { SeenCause } from './alert-store.js';
import { isBrokenInput, type Cause, type CauseKind } from '../diagnosis/cause.js';
import type { Explanation } from '../diagnosis/explanation.js';
import type { Finding } from '../observations/finding.js';
import type { RetrainAction } from '../decisions/retrain-decision.js';
import { message } from '../messages.js';
import type { StandingAlarm } from '../detection/active-alarm.js';

/** Of a shift of the templates' shares the template that moved most differs from look to look: it names none of its own. */
const nameOf = ({ kind, subject }: Cause): string => `${kind}:${kind === 'label-shift' ? '' : subject}`;

/**
 * Names of one group are different names of one thing: a new topic is a change of wording too. What is broken stands for
 * itself, and has to be mended for itself.
 */
export function groupOf(name: string): string {
  const [kind = ''] = name.split(':', 1);
  if (kind === 'volume' || kind === 'repeated-text') return kind;
  return isBrokenInput({ kind: kind as CauseKind } as Cause) ? name : 'drift';
}

/** @param explained `causes` the most likely first; without any there is an alert all the same, that says so */
export function seenCauses(
  explained: Explanation,
  {
    action,
    standing,
    windowFindings,
  }: { action: RetrainAction; standing: StandingAlarm; windowFindings: readonly Finding[] },
): SeenCause[] {
  const { causes } = explained.seen;
  const findings = [...standing.findings, ...windowFindings.filter(({ alarm }) => alarm)];
  const evidence = { ...explained.evidence, causes, since: standing.since };
  const named = new Map<string, SeenCause>();
  for (const cause of causes) {
    const group = groupOf(nameOf(cause));
    if (named.has(group)) continue;
    const own = isBrokenInput(cause) ? 'repair' : action === 'repair' ? 'record' : action;
    const headline = cause.sentence;
    const { examples } = explained;
    named.set(group, {
      cause: nameOf(cause),
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
  const unexplained = {
    cause: 'unexplained:',
    group: 'drift',
    action,
    headline: fallback.sentence,
    message: fallback.message,
  };
  return [{ ...unexplained, findings, evidence, examples: explained.examples }];
}
