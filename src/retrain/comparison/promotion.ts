/** Whether a challenger takes over: one gate after the other, each with what it saw. */
import type { EnglishMessage } from '../../messages/localized-message.js';
import type { LocalizedMessage } from '../../messages/stored-message.js';
import type { Comparison } from './comparison.js';
import { message } from './gate-messages.js';

/** Why a training run was started. `first`: there was no model, so nothing is there to be held against. */
export type RunTrigger = 'schedule' | 'decision' | 'person' | 'first';

/** What is known of a challenger beside the comparison. */
export interface ChallengerFacts {
  /** Null where it did not load or answer in its sandbox; then `failure` says why */
  comparison: Comparison | null;
  failure: string | null;
  /** Time of one ticket, challenger over champion; null where it was not measured */
  slowdown: number | null;
  /** The statistics that the drift monitor holds tickets against lie in its folder */
  hasReference: boolean;
}

export interface GateSettings {
  /** Fewest held-out tickets with a template */
  minTickets: number;
  /** Points that it may be worse by after a scheduled run, and in what is shown */
  margin: number;
  /** Points that a slice may be worse by */
  sliceMargin: number;
  /** Share of equal challengers that may pass for better ones, 0–1 */
  alpha: number;
  /** Share of harmless challengers that the slices may send back: a harm that is overlooked costs more, 0–1 */
  sliceAlpha: number;
  /** Largest expected calibration error beyond what chance explains, 0–1 */
  maxEce: number;
  /** Most that a ticket may take longer, as a factor */
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
  | 'sandbox'
  | 'enough'
  | 'own-answers'
  | 'better'
  | 'not-worse'
  | 'shown'
  | 'slices'
  | 'calibrated'
  | 'speed'
  | 'reference';

export interface Gate {
  gate: GateName;
  passed: boolean;
  /** What was found and what is required, in one sentence */
  detail: string;
  /** The same as data; missing where an older version has stored it */
  message?: LocalizedMessage | undefined;
}

export interface Verdict {
  promoted: boolean;
  /** It rests on choices that nothing corrects for what was shown */
  biased: boolean;
  /** Of every gate, in the order in which they were looked at; never empty */
  gates: Gate[];
}

/** After a decision it must be better, by a test that may be looked at early; else it must not be worse. */
export function promotionVerdict(trigger: RunTrigger, facts: ChallengerFacts, settings = defaultGates): Verdict {
  const { comparison } = facts;
  if (comparison === null) {
    const result = facts.failure === null ? message('no-answer') : message('broken', { failure: facts.failure });
    return { promoted: false, biased: false, gates: [gate('sandbox', false, result)] };
  }
  const gates = [
    gate('sandbox', true, message('loads')),
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

function sampleSizeGate({ tickets, basis }: Comparison, { minTickets: least }: GateSettings): Gate {
  return gate('enough', tickets >= least, message(`held-out-${basis}`, { tickets, min: least }));
}

function differenceGate({ agreement }: Comparison): Gate {
  const passed = agreement < 1;
  // Rounded down: 100% is shown only where every output is identical.
  return gate('own-answers', passed, message('agreement', { share: Math.floor(agreement * 1000) / 1000 }));
}

function superiorityGate({ difference, evidence }: Comparison, { alpha }: GateSettings): Gate {
  const required = 1 / alpha;
  const result = message('evidence', { ...interval(difference), evidence, required });
  return gate('better', evidence >= required && difference.points > 0, result);
}

/** By what stands first, or with fewer tickets by the score of the probabilities, unless what stands first is surely worse. */
function nonInferiorityGate({ difference, atLeast, score }: Comparison, { margin }: GateSettings): Gate {
  const byScore = score && difference.high >= 0 ? score.atLeast : -Infinity;
  const lowerBound = Math.max(atLeast, byScore);
  const figures = { ...interval(difference), lowerBound, margin };
  const result = score
    ? message('worse-at-most-by-score', { ...figures, score: score.points, scoreLow: score.low, scoreHigh: score.high })
    : message('worse-at-most', figures);
  return gate('not-worse', lowerBound >= -margin, result);
}

/** Top-1 is taken before abstention: a version that never answers would pass by it. */
function utilityGate({ usefulDifference }: Comparison, { sliceMargin }: GateSettings): Gate {
  const { points, high } = usefulDifference;
  const result = message('shown', { ...interval(usefulDifference), margin: sliceMargin });
  return gate('shown', points >= -sliceMargin || high >= 0, result);
}

function sliceGate({ slices: all }: Comparison, { sliceMargin, sliceAlpha }: GateSettings): Gate {
  const worse = all.filter(({ points, pWorse }) => points < -sliceMargin && pWorse < sliceAlpha);
  const [worst] = worse.toSorted((a, b) => a.points - b.points);
  if (!worst) return gate('slices', true, message('no-slice-worse', { slices: all.length, margin: sliceMargin }));
  const { by, value, points, tickets } = worst;
  const figures = { by, value, points, tickets, worse: worse.length, slices: all.length, margin: sliceMargin };
  return gate('slices', false, message('slices-worse', figures));
}

/** What changes in the world takes both out of calibration: one that is not surely worse than the champion is no step back. */
function calibrationGate(comparison: Comparison, { maxEce: mostEce }: GateSettings): Gate {
  const { champion, challenger, chanceEce, eceExcess = challenger.ece - champion.ece } = comparison;
  const limit = Math.hypot(mostEce, chanceEce);
  const figures = { error: challenger.ece, champion: champion.ece, limit, max: mostEce, chance: chanceEce };
  const result =
    eceExcess > 0 ? message('error-above', { ...figures, excess: eceExcess }) : message('error-not-above', figures);
  return gate('calibrated', challenger.ece <= limit || eceExcess <= 0, result);
}

function latencyGate({ slowdown }: ChallengerFacts, { maxSlowdown: mostSlowdown }: GateSettings): Gate {
  if (slowdown === null) return gate('speed', false, message('speed-not-measured'));
  return gate('speed', slowdown <= mostSlowdown, message('slowdown', { times: slowdown, max: mostSlowdown }));
}

function driftReferenceGate({ hasReference }: ChallengerFacts): Gate {
  return gate('reference', hasReference, message(hasReference ? 'has-reference' : 'no-reference'));
}

const interval = ({ points, low, high }: { points: number; low: number; high: number }) => ({ points, low, high });
