/**
 * What is to be done about what the monitor found: the ladder as one pure function. docs/monitoring.md has it as a table.
 */
import { isBrokenInput, type Cause } from '../diagnosis/cause.js';
import type { Saying } from '../../messages/stored-message.js';
import type { Said } from '../../messages/localized-message.js';
import { say } from '../messages.js';

export type RetrainAction = 'repair' | 'reweight' | 'record' | 'label-first' | 'retrain' | 'none';

export interface RetrainDecision {
  action: RetrainAction;
  /** In the order in which they were looked at; never empty */
  reasons: string[];
  /** The same as data; null where a version that knew no sayings has stored the reason */
  sayings: (Saying | null)[];
}

/** A share or a difference of shares, 0–1, with its 95 % interval */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

export interface DecisionEvidence {
  now: Date;
  /** The one rule that raises alerts has raised one that stands. */
  alarm: boolean;
  /** The most likely first */
  causes: readonly Cause[];
  /** Null where there were too few tickets or none with a ranking */
  labelShift: { explains: boolean; mayExplain: boolean; distance: number } | null;
  /** Whether the model in service is re-weighted for that shift already */
  reweighted: boolean;
  /** How much less often the first suggestion is right than on the reference; null where it can't be told */
  loss: Estimate | null;
  /** The last look found that loss worth a retraining, and the alarm has stood since */
  wasHarmful: boolean;
  /** A sequential test of labelled tickets has found the error rate risen by more than `leastLoss`; null without labels */
  riskRisen: boolean | null;
  /** Usable labels that have come since the last attempt at a training read them, promoted or not */
  freshLabels: number;
  /** Usable labels that have come since the model in service was trained, also those that a challenger has read that was kept back */
  unlearnedLabels: number;
  /** Labels since the training of the model in service whose template it has never learned */
  topicLabels: number;
  /** Of the last retraining, promoted or not; null where there was none */
  lastTrainedAt: Date | null;
  /** The cron has fired since then. */
  scheduleDue: boolean;
  /** A person has asked for it: neither cool-down nor schedule are looked at. */
  requested: boolean;
}

export interface DecisionSettings {
  /** Rise of the error rate that is worth a retraining, 0–1 */
  leastLoss: number;
  /** Fewer fresh labels teach a model nothing */
  leastLabels: number;
  /** Labels of new templates that are enough to learn a new topic from */
  leastTopicLabels: number;
  coolDownHours: number;
}

export const defaultDecisionSettings: DecisionSettings = {
  leastLoss: 0.02,
  leastLabels: 200,
  leastTopicLabels: 20,
  coolDownHours: 24,
};

/**
 * The ladder: what is broken is repaired, what re-weighting mends is re-weighted, what does no harm is recorded, what has no
 * template or too few labels is labelled first, what hurts is learned. The schedule is the floor, the cool-down the ceiling.
 */
export function decide(evidence: DecisionEvidence, settings: DecisionSettings): RetrainDecision {
  const reasons = [named(evidence)];
  const broken = evidence.alarm ? evidence.causes.find(isBrokenInput) : undefined;
  if (broken) {
    return ended('repair', [...reasons, say('broken-input')]);
  }
  if (evidence.requested) return limited(evidence, settings, [...reasons, say('requested')], 'retrain');
  const wanted = evidence.alarm ? afterAlarm(evidence, settings, reasons) : 'none';
  if (wanted === 'reweight') return ended(wanted, reasons);
  if (wanted === 'retrain' || evidence.scheduleDue) {
    if (wanted !== 'retrain') reasons.push(say('scheduled'));
    return limited(evidence, settings, reasons, wanted);
  }
  return ended(wanted, reasons);
}

/**
 * Whether a loss is worth a retraining: where it is surely more than the limit, and from then on until the estimate itself has
 * fallen to it. Estimates near a limit that has one side only would propose another thing at each look.
 */
export function isHarmful(loss: Estimate | null, leastLoss: number, wasHarmful: boolean): boolean {
  return loss !== null && (wasHarmful ? loss.value : loss.low) > leastLoss;
}

function named({ alarm, causes: [first] }: DecisionEvidence): Said {
  if (!alarm) return say('no-alarm');
  return first ?? say('no-cause');
}

/** The rungs between broken input and the schedule. Adds to `reasons`. */
function afterAlarm(evidence: DecisionEvidence, settings: DecisionSettings, reasons: Said[]): RetrainAction {
  const { leastLoss, leastTopicLabels } = settings;
  const { labelShift, reweighted, loss, wasHarmful, riskRisen, causes, topicLabels } = evidence;
  const has = (kind: Cause['kind']): boolean => causes.some((cause) => cause.kind === kind);
  if (labelShift && (reweighted ? labelShift.mayExplain : labelShift.explains) && !has('changed-meaning')) {
    const { distance: moved } = labelShift;
    reasons.push(say(reweighted ? 'mix-is-reweighted' : 'mix-explains', { moved }));
    if (!reweighted) return 'reweight';
  }
  if (has('new-topic') && topicLabels >= leastTopicLabels) {
    reasons.push(say('topic-can-be-learned', { labels: topicLabels }));
    return 'retrain';
  }
  if (has('new-topic')) {
    reasons.push(say('topic-needs-labels'));
    return 'label-first';
  }
  if (riskRisen) {
    reasons.push(say('risk-has-risen', { least: leastLoss }));
    return 'retrain';
  }
  if (loss === null) {
    reasons.push(say('loss-is-unknown'));
    return 'record';
  }
  const figures = { loss: loss.value, low: loss.low, high: loss.high, least: leastLoss };
  if (isHarmful(loss, leastLoss, wasHarmful)) {
    reasons.push(say(wasHarmful ? 'loss-was-harmful' : 'loss-is-harmful', figures));
    return 'retrain';
  }
  reasons.push(say('loss-is-small', figures));
  return 'record';
}

/** A retraining within its limits; what they forbid ends as `otherwise`, or as `none` where that was a retraining. */
function limited(
  evidence: DecisionEvidence,
  { leastLabels, coolDownHours }: DecisionSettings,
  reasons: readonly Said[],
  wanted: RetrainAction,
): RetrainDecision {
  const { now, lastTrainedAt, requested, scheduleDue } = evidence;
  // A challenger that was kept back teaches the next one nothing more, so that an alarm waits for new labels. The schedule does not:
  // what a few tickets could not prove yet is asked again in its time.
  const labels = scheduleDue ? evidence.unlearnedLabels : evidence.freshLabels;
  const counted = say(scheduleDue ? 'unlearned-labels' : 'fresh-labels', { labels, least: leastLabels });
  const hours = lastTrainedAt === null ? Infinity : (now.getTime() - lastTrainedAt.getTime()) / 3_600_000;
  if (hours < coolDownHours && !requested) {
    const action = wanted === 'retrain' ? 'none' : wanted;
    return ended(action, [...reasons, say('cool-down', { hours, least: coolDownHours })]);
  }
  if (labels < leastLabels) {
    const action = wanted === 'retrain' ? 'label-first' : wanted;
    return ended(action, [...reasons, counted]);
  }
  return ended('retrain', [...reasons, counted]);
}

function ended(action: RetrainAction, reasons: readonly Said[]): RetrainDecision {
  return {
    action,
    reasons: reasons.map(({ sentence }) => sentence),
    sayings: reasons.map(({ saying }) => saying ?? null),
  };
}
