/** The action for an evaluation, as one pure function. docs/monitoring.md has it as a table. */
import { isBrokenInput, type Cause } from '../diagnosis/cause.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import type { EnglishMessage } from '../../messages/localized-message.js';
import { message } from '../messages.js';
import type { Estimate } from '../diagnosis/estimated-accuracy.js';
import type { EvaluationResult } from '../diagnosis/alert-diagnosis.js';

export type RetrainAction = 'repair' | 'reweight' | 'record' | 'label-first' | 'retrain' | 'none';

export interface RetrainDecision {
  action: RetrainAction;
  /** In the order of checks; never empty */
  reasons: string[];
  /** The reasons as data; null for a reason that an older version has stored */
  messages: (LocalizedMessage | null)[];
}

export interface DecisionEvidence extends Pick<
  EvaluationResult,
  'alarm' | 'causes' | 'labelShift' | 'loss' | 'riskRisen'
> {
  now: Date;
  /** Set where there were too few tickets for any test */
  untested?: { tickets: number; required: number } | null;
  /** Whether the serving model has class weights already */
  reweighted: boolean;
  /** The last evaluation found the loss harmful, and the alarm has been active since */
  wasHarmful: boolean;
  /** Usable labels since the last training read them, promoted or not */
  freshLabels: number;
  /** Usable labels since the serving model was trained, including those that a rejected challenger has read */
  unlearnedLabels: number;
  /** Labels since the serving model was trained whose template it has never learned */
  topicLabels: number;
  /** Of the last retraining, promoted or not; null where there was none */
  lastTrainedAt: Date | null;
  /** The schedule has fired since then. */
  scheduleDue: boolean;
  /** A person requests a retraining: neither cool-down nor schedule apply. */
  requested: boolean;
}

export interface DecisionSettings {
  /** Rise of the error rate that justifies a retraining, 0–1 */
  minLoss: number;
  /** New labels that a retraining requires */
  minLabels: number;
  /** Labels of new templates that a new topic requires */
  minTopicLabels: number;
  coolDownHours: number;
}

export const defaultDecisionSettings: DecisionSettings = {
  minLoss: 0.02,
  minLabels: 200,
  minTopicLabels: 20,
  coolDownHours: 24,
};

/**
 * In order: broken input is repaired, a label shift is re-weighted, a new topic without labels is labelled first, a harmful loss is
 * retrained, and all else is recorded. The schedule is the lower limit of trainings, the cool-down the upper one.
 */
export function decide(evidence: DecisionEvidence, settings: DecisionSettings): RetrainDecision {
  const reasons = [alarmReason(evidence)];
  const broken = evidence.alarm ? evidence.causes.find(isBrokenInput) : undefined;
  if (broken) {
    return toDecision('repair', [...reasons, message('broken-input')]);
  }
  if (evidence.requested) return applyLimits(evidence, settings, [...reasons, message('requested')], 'retrain');
  const wanted = evidence.alarm ? decideAfterAlarm(evidence, settings, reasons) : 'none';
  if (wanted === 'reweight') return toDecision(wanted, reasons);
  if (wanted === 'retrain' || evidence.scheduleDue) {
    if (wanted !== 'retrain') reasons.push(message('scheduled'));
    return applyLimits(evidence, settings, reasons, wanted);
  }
  return toDecision(wanted, reasons);
}

/**
 * Whether a loss justifies a retraining: if it is significantly above the threshold, and from then on until the estimate itself
 * falls below. Without this hysteresis, estimates near the threshold would change the action at each evaluation.
 */
export function isHarmful(loss: Estimate | null, minLoss: number, wasHarmful: boolean): boolean {
  return loss !== null && (wasHarmful ? loss.value : loss.low) > minLoss;
}

function alarmReason({ alarm, untested, causes: [first] }: DecisionEvidence): EnglishMessage {
  if (!alarm) return untested ? message('untested', untested) : message('no-alarm');
  return first ?? message('no-cause');
}

/** The checks between broken input and the schedule. Adds to `reasons`. */
function decideAfterAlarm(
  evidence: DecisionEvidence,
  settings: DecisionSettings,
  reasons: EnglishMessage[],
): RetrainAction {
  const { minLoss, minTopicLabels } = settings;
  const { labelShift, reweighted, loss, wasHarmful, riskRisen, causes, topicLabels } = evidence;
  const has = (kind: Cause['kind']): boolean => causes.some((cause) => cause.kind === kind);
  if (labelShift && (reweighted ? labelShift.mayExplain : labelShift.explains) && !has('changed-meaning')) {
    const { distance: moved } = labelShift;
    reasons.push(message(reweighted ? 'mix-is-reweighted' : 'mix-explains', { moved }));
    if (!reweighted) return 'reweight';
  }
  if (has('new-topic') && topicLabels >= minTopicLabels) {
    reasons.push(message('topic-can-be-learned', { labels: topicLabels }));
    return 'retrain';
  }
  if (has('new-topic')) {
    reasons.push(message('topic-needs-labels'));
    return 'label-first';
  }
  if (riskRisen) {
    reasons.push(message('risk-has-risen', { threshold: minLoss }));
    return 'retrain';
  }
  if (loss === null) {
    reasons.push(message('loss-is-unknown'));
    return 'record';
  }
  const figures = { loss: loss.value, low: loss.low, high: loss.high, threshold: minLoss };
  if (isHarmful(loss, minLoss, wasHarmful)) {
    reasons.push(message(wasHarmful ? 'loss-was-harmful' : 'loss-is-harmful', figures));
    return 'retrain';
  }
  reasons.push(message('loss-is-small', figures));
  return 'record';
}

/** A retraining within its limits; otherwise the action that was wanted without the schedule, or a milder one. */
function applyLimits(
  evidence: DecisionEvidence,
  { minLabels, coolDownHours }: DecisionSettings,
  reasons: readonly EnglishMessage[],
  wanted: RetrainAction,
): RetrainDecision {
  const { now, lastTrainedAt, requested, scheduleDue } = evidence;
  // Labels of a rejected challenger teach the next one nothing more, so an alarm waits for new ones. The schedule does not: more
  // tickets may prove by then what a few could not.
  const labels = scheduleDue ? evidence.unlearnedLabels : evidence.freshLabels;
  const counted = message(scheduleDue ? 'unlearned-labels' : 'fresh-labels', { labels, required: minLabels });
  const hours = lastTrainedAt === null ? Infinity : (now.getTime() - lastTrainedAt.getTime()) / 3_600_000;
  if (hours < coolDownHours && !requested) {
    const action = wanted === 'retrain' ? 'none' : wanted;
    return toDecision(action, [...reasons, message('cool-down', { hours, coolDownHours })]);
  }
  if (labels < minLabels) {
    const action = wanted === 'retrain' ? 'label-first' : wanted;
    return toDecision(action, [...reasons, counted]);
  }
  return toDecision('retrain', [...reasons, counted]);
}

function toDecision(action: RetrainAction, reasons: readonly EnglishMessage[]): RetrainDecision {
  return {
    action,
    reasons: reasons.map(({ sentence }) => sentence),
    messages: reasons.map((reason) => reason.message ?? null),
  };
}
