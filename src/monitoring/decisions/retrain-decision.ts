/**
 * What is to be done about what the monitor found: the ladder as one pure function. docs/monitoring.md has it as a table.
 */
import { isBrokenInput, type Cause } from '../diagnosis/cause.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import type { EnglishMessage } from '../../messages/localized-message.js';
import { message } from '../messages.js';
import type { Estimate } from '../diagnosis/estimated-accuracy.js';
import type { SeenEvidence } from '../diagnosis/explanation.js';

export type RetrainAction = 'repair' | 'reweight' | 'record' | 'label-first' | 'retrain' | 'none';

export interface RetrainDecision {
  action: RetrainAction;
  /** In the order in which they were looked at; never empty */
  reasons: string[];
  /** The reasons as data; null for a reason that an older version has stored */
  messages: (LocalizedMessage | null)[];
}

export interface DecisionEvidence extends Pick<SeenEvidence, 'alarm' | 'causes' | 'labelShift' | 'loss' | 'riskRisen'> {
  now: Date;
  /** Whether the model in service is re-weighted for that shift already */
  reweighted: boolean;
  /** The last look found that loss worth a retraining, and the alarm has stood since */
  wasHarmful: boolean;
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
    return ended('repair', [...reasons, message('broken-input')]);
  }
  if (evidence.requested) return limited(evidence, settings, [...reasons, message('requested')], 'retrain');
  const wanted = evidence.alarm ? afterAlarm(evidence, settings, reasons) : 'none';
  if (wanted === 'reweight') return ended(wanted, reasons);
  if (wanted === 'retrain' || evidence.scheduleDue) {
    if (wanted !== 'retrain') reasons.push(message('scheduled'));
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

function named({ alarm, causes: [first] }: DecisionEvidence): EnglishMessage {
  if (!alarm) return message('no-alarm');
  return first ?? message('no-cause');
}

/** The rungs between broken input and the schedule. Adds to `reasons`. */
function afterAlarm(evidence: DecisionEvidence, settings: DecisionSettings, reasons: EnglishMessage[]): RetrainAction {
  const { leastLoss, leastTopicLabels } = settings;
  const { labelShift, reweighted, loss, wasHarmful, riskRisen, causes, topicLabels } = evidence;
  const has = (kind: Cause['kind']): boolean => causes.some((cause) => cause.kind === kind);
  if (labelShift && (reweighted ? labelShift.mayExplain : labelShift.explains) && !has('changed-meaning')) {
    const { distance: moved } = labelShift;
    reasons.push(message(reweighted ? 'mix-is-reweighted' : 'mix-explains', { moved }));
    if (!reweighted) return 'reweight';
  }
  if (has('new-topic') && topicLabels >= leastTopicLabels) {
    reasons.push(message('topic-can-be-learned', { labels: topicLabels }));
    return 'retrain';
  }
  if (has('new-topic')) {
    reasons.push(message('topic-needs-labels'));
    return 'label-first';
  }
  if (riskRisen) {
    reasons.push(message('risk-has-risen', { threshold: leastLoss }));
    return 'retrain';
  }
  if (loss === null) {
    reasons.push(message('loss-is-unknown'));
    return 'record';
  }
  const figures = { loss: loss.value, low: loss.low, high: loss.high, threshold: leastLoss };
  if (isHarmful(loss, leastLoss, wasHarmful)) {
    reasons.push(message(wasHarmful ? 'loss-was-harmful' : 'loss-is-harmful', figures));
    return 'retrain';
  }
  reasons.push(message('loss-is-small', figures));
  return 'record';
}

/** A retraining within its limits; what they forbid ends as `otherwise`, or as `none` where that was a retraining. */
function limited(
  evidence: DecisionEvidence,
  { leastLabels, coolDownHours }: DecisionSettings,
  reasons: readonly EnglishMessage[],
  wanted: RetrainAction,
): RetrainDecision {
  const { now, lastTrainedAt, requested, scheduleDue } = evidence;
  // A challenger that was kept back teaches the next one nothing more, so that an alarm waits for new labels. The schedule does not:
  // what a few tickets could not prove yet is asked again in its time.
  const labels = scheduleDue ? evidence.unlearnedLabels : evidence.freshLabels;
  const counted = message(scheduleDue ? 'unlearned-labels' : 'fresh-labels', { labels, required: leastLabels });
  const hours = lastTrainedAt === null ? Infinity : (now.getTime() - lastTrainedAt.getTime()) / 3_600_000;
  if (hours < coolDownHours && !requested) {
    const action = wanted === 'retrain' ? 'none' : wanted;
    return ended(action, [...reasons, message('cool-down', { hours, coolDownHours })]);
  }
  if (labels < leastLabels) {
    const action = wanted === 'retrain' ? 'label-first' : wanted;
    return ended(action, [...reasons, counted]);
  }
  return ended('retrain', [...reasons, counted]);
}

function ended(action: RetrainAction, reasons: readonly EnglishMessage[]): RetrainDecision {
  return {
    action,
    reasons: reasons.map(({ sentence }) => sentence),
    messages: reasons.map((reason) => reason.message ?? null),
  };
}
