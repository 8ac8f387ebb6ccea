/**
 * What is to be done about what the monitor found: the ladder as one pure function. docs/monitoring.md has it as a table.
 */
import { isBrokenInput, type Cause } from './cause.js';

export type RetrainAction = 'repair' | 'reweight' | 'record' | 'label-first' | 'retrain' | 'none';

export interface RetrainDecision {
  action: RetrainAction;
  /** In the order in which they were looked at; never empty */
  reasons: string[];
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
    return ended('repair', reasons, `Broken input is mended at its source: a model must not learn it.`);
  }
  if (evidence.requested)
    return limited(evidence, settings, [...reasons, 'A person asked for a retraining.'], 'retrain');
  const wanted = evidence.alarm ? afterAlarm(evidence, settings, reasons) : 'none';
  if (wanted === 'reweight') return { action: wanted, reasons };
  if (wanted === 'retrain' || evidence.scheduleDue) {
    if (wanted !== 'retrain') reasons.push('The schedule has come round, which needs no drift.');
    return limited(evidence, settings, reasons, wanted);
  }
  return { action: wanted, reasons };
}

/**
 * Whether a loss is worth a retraining: where it is surely more than the limit, and from then on until the estimate itself has
 * fallen to it. Estimates near a limit that has one side only would propose another thing at each look.
 */
export function isHarmful(loss: Estimate | null, leastLoss: number, wasHarmful: boolean): boolean {
  return loss !== null && (wasHarmful ? loss.value : loss.low) > leastLoss;
}

function named({ alarm, causes: [first] }: DecisionEvidence): string {
  if (!alarm) return 'No alarm stands.';
  return first ? first.sentence : 'An alarm stands; no cause stands out.';
}

/** The rungs between broken input and the schedule. Adds to `reasons`. */
function afterAlarm(evidence: DecisionEvidence, settings: DecisionSettings, reasons: string[]): RetrainAction {
  const { leastLoss, leastTopicLabels } = settings;
  const { labelShift, reweighted, loss, wasHarmful, riskRisen, causes, topicLabels } = evidence;
  const has = (kind: Cause['kind']): boolean => causes.some((cause) => cause.kind === kind);
  if (labelShift && (reweighted ? labelShift.mayExplain : labelShift.explains) && !has('changed-meaning')) {
    const moved = `${percent(labelShift.distance)} % of the tickets have changed their template`;
    if (!reweighted) {
      reasons.push(`${moved}, which explains what moved: re-weighting mends it at once and can be taken back.`);
      return 'reweight';
    }
    reasons.push(`${moved}, which explains what moved; the model in service is re-weighted for it.`);
  }
  if (has('new-topic') && topicLabels >= leastTopicLabels) {
    reasons.push(`${topicLabels} labels have templates that the model has never learned: it can learn the topic now.`);
    return 'retrain';
  }
  if (has('new-topic')) {
    reasons.push('No template answers the new topic: it needs one, and labels, before a model can learn it.');
    return 'label-first';
  }
  if (riskRisen) {
    reasons.push(`Labelled tickets show that the error rate has risen by more than ${percent(leastLoss)} points.`);
    return 'retrain';
  }
  if (loss === null) {
    reasons.push('What it costs in accuracy can not be told yet.');
    return 'record';
  }
  const figures = `${signed(loss.value)} points (${signed(loss.low)} to ${signed(loss.high)})`;
  if (isHarmful(loss, leastLoss, wasHarmful)) {
    const limit = wasHarmful ? `it was surely more than ${percent(leastLoss)}, and still is by the estimate` : `surely more than ${percent(leastLoss)}`; // prettier-ignore
    reasons.push(`The estimated error rate has risen by ${figures}; ${limit}, which is worth a retraining.`);
    return 'retrain';
  }
  reasons.push(`The estimated error rate has changed by ${figures}: not surely more than ${percent(leastLoss)}.`);
  return 'record';
}

/** A retraining within its limits; what they forbid ends as `otherwise`, or as `none` where that was a retraining. */
function limited(
  evidence: DecisionEvidence,
  { leastLabels, coolDownHours }: DecisionSettings,
  reasons: string[],
  wanted: RetrainAction,
): RetrainDecision {
  const { now, lastTrainedAt, requested, scheduleDue } = evidence;
  // A challenger that was kept back teaches the next one nothing more, so that an alarm waits for new labels. The schedule does not:
  // what a few tickets could not prove yet is asked again in its time.
  const labels = scheduleDue ? evidence.unlearnedLabels : evidence.freshLabels;
  const which = scheduleDue ? 'labels that the model in service has not learned' : 'fresh labels';
  const counted = `There are ${labels} ${which}; a retraining needs ${leastLabels}.`;
  const hours = lastTrainedAt === null ? Infinity : (now.getTime() - lastTrainedAt.getTime()) / 3_600_000;
  if (hours < coolDownHours && !requested) {
    const action = wanted === 'retrain' ? 'none' : wanted;
    return ended(
      action,
      reasons,
      `The last training was ${hours.toFixed(1)} h ago; the cool-down is ${coolDownHours} h.`,
    );
  }
  if (labels < leastLabels) {
    const action = wanted === 'retrain' ? 'label-first' : wanted;
    return ended(action, reasons, counted);
  }
  return ended('retrain', reasons, counted);
}

function ended(action: RetrainAction, reasons: string[], reason: string): RetrainDecision {
  return { action, reasons: [...reasons, reason] };
}

const percent = (share: number): string => (Math.round(1000 * share) / 10).toString();
const signed = (share: number): string => `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
