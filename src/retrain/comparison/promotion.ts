/** Whether a challenger is promoted: gates in a fixed order, each with its result. */
import type { EnglishMessage } from '../../messages/localized-message.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import type { Comparison } from './comparison.js';
import { message } from './gate-messages.js';

/** Why a training run was started. `first`: there was no champion to compare with. */
export type RunTrigger = 'schedule' | 'decision' | 'person' | 'first';

/** What the gates look at. */
export interface ChallengerFacts {
  /** Null if it did not load or respond in the sandbox; `failure` has the reason */
  comparison: Comparison | null;
  failure: string | null;
  /** Latency per ticket, challenger / champion; null if not measured */
  slowdown: number | null;
  /** Its folder has the drift reference that the monitor needs */
  hasReference: boolean;
}

export interface GateSettings {
  /** Minimum number of held-out tickets with a template */
  minTickets: number;
  /** Non-inferiority margin in top-1 accuracy, in percentage points */
  margin: number;
  /** Margin of each slice and of the utility gate, in percentage points */
  sliceMargin: number;
  /** Type I error of the superiority test, 0–1 */
  alpha: number;
  /** Type I error of the slice gate over all slices, 0–1. It is large because a missed regression costs more. */
  sliceAlpha: number;
  /** Maximum expected calibration error beyond what chance explains, 0–1 */
  maxEce: number;
  /** Maximum of latency per ticket, challenger / champion */
  maxSlowdown: number;
}

export const defaultGates: GateSettings = {
  minTickets: 40,
  margin: 0.5,
  sliceMargin: 2,
  alpha: 0.05,
  sliceAlpha: 0.2,
  maxEce: 0.05,
  maxSlowdown: 1.5,
};

export type GateName =
  | 'loads'
  | 'sample-size'
  | 'differs-from-champion'
  | 'superiority'
  | 'non-inferiority'
  | 'utility'
  | 'slice-regressions'
  | 'calibration'
  | 'latency'
  | 'drift-reference';

export interface Gate {
  gate: GateName;
  passed: boolean;
  /** What was found and what is required, in English */
  detail: string;
  /** The same as data */
  message?: LocalizedMessage | undefined;
}

export interface Verdict {
  promoted: boolean;
  /** Based on choices without a correction for what was shown */
  biased: boolean;
  /** In the order of evaluation; never empty */
  gates: Gate[];
}

/** After a drift decision the challenger must be superior, by a test that is valid at any time; otherwise non-inferior. */
export function promotionVerdict(trigger: RunTrigger, facts: ChallengerFacts, settings = defaultGates): Verdict {
  const { comparison } = facts;
  if (comparison === null) {
    const result = facts.failure === null ? message('no-answer') : message('broken', { failure: facts.failure });
    return { promoted: false, biased: false, gates: [gate('loads', false, result)] };
  }
  const gates = [
    gate('loads', true, message('loads')),
    sampleSizeGate(comparison, settings),
    differenceGate(comparison),
    trigger === 'decision' ? superiorityGate(comparison, settings) : nonInferiorityGate(comparison, settings),
    utilityGate(comparison, settings),
    sliceGate(comparison, settings),
    calibrationGate(comparison, settings),
    latencyGate(facts, settings),
    driftReferenceGate(facts),
  ];
  return { promoted: gates.every(({ passed }) => passed), biased: comparison.biased, gates };
}

function gate(name: GateName, passed: boolean, { sentence, message: localized }: EnglishMessage): Gate {
  return { gate: name, passed, detail: sentence, message: localized };
}

function sampleSizeGate({ tickets, basis }: Comparison, { minTickets }: GateSettings): Gate {
  return gate('sample-size', tickets >= minTickets, message(`held-out-${basis}`, { tickets, min: minTickets }));
}

function differenceGate({ agreement }: Comparison): Gate {
  const passed = agreement < 1;
  // Rounded down: 100% only if every output is identical.
  return gate('differs-from-champion', passed, message('agreement', { share: Math.floor(agreement * 1000) / 1000 }));
}

function superiorityGate({ difference, evidence }: Comparison, { alpha }: GateSettings): Gate {
  const required = 1 / alpha;
  const result = message('evidence', { ...interval(difference), evidence, required });
  return gate('superiority', evidence >= required && difference.points > 0, result);
}

/** By top-1 accuracy, or by the Brier score, which needs fewer tickets, unless top-1 accuracy is significantly lower. */
function nonInferiorityGate({ difference, atLeast, score }: Comparison, { margin }: GateSettings): Gate {
  const byScore = score && difference.high >= 0 ? score.atLeast : -Infinity;
  const lowerBound = Math.max(atLeast, byScore);
  const figures = { ...interval(difference), lowerBound, margin };
  const result = score
    ? message('worse-at-most-by-score', { ...figures, score: score.points, scoreLow: score.low, scoreHigh: score.high })
    : message('worse-at-most', figures);
  return gate('non-inferiority', lowerBound >= -margin, result);
}

/** Top-1 accuracy ignores abstention: a version that always abstains would pass the other gates. */
function utilityGate({ usefulDifference }: Comparison, { sliceMargin }: GateSettings): Gate {
  const { points, high } = usefulDifference;
  const result = message('shown', { ...interval(usefulDifference), margin: sliceMargin });
  return gate('utility', points >= -sliceMargin || high >= 0, result);
}

function sliceGate({ slices: all }: Comparison, { sliceMargin, sliceAlpha }: GateSettings): Gate {
  const worse = all.filter(({ points, pWorse }) => points < -sliceMargin && pWorse < sliceAlpha);
  const [worst] = worse.toSorted((a, b) => a.points - b.points);
  if (!worst)
    return gate('slice-regressions', true, message('no-slice-worse', { slices: all.length, margin: sliceMargin }));
  const { by, value, points, tickets } = worst;
  const figures = { by, value, points, tickets, worse: worse.length, slices: all.length, margin: sliceMargin };
  return gate('slice-regressions', false, message('slices-worse', figures));
}

/** Drift harms the calibration of both versions, so a challenger passes if it is not significantly worse than the champion. */
function calibrationGate(comparison: Comparison, { maxEce }: GateSettings): Gate {
  const { champion, challenger, chanceEce, eceExcess = challenger.ece - champion.ece } = comparison;
  const limit = Math.hypot(maxEce, chanceEce);
  const figures = { error: challenger.ece, champion: champion.ece, limit, max: maxEce, chance: chanceEce };
  const result =
    eceExcess > 0 ? message('error-above', { ...figures, excess: eceExcess }) : message('error-not-above', figures);
  return gate('calibration', challenger.ece <= limit || eceExcess <= 0, result);
}

function latencyGate({ slowdown }: ChallengerFacts, { maxSlowdown }: GateSettings): Gate {
  if (slowdown === null) return gate('latency', false, message('speed-not-measured'));
  return gate('latency', slowdown <= maxSlowdown, message('slowdown', { times: slowdown, max: maxSlowdown }));
}

function driftReferenceGate({ hasReference }: ChallengerFacts): Gate {
  return gate('drift-reference', hasReference, message(hasReference ? 'has-reference' : 'no-reference'));
}

const interval = ({ points, low, high }: { points: number; low: number; high: number }) => ({ points, low, high });
