/** Whether a challenger takes over: one gate after the other, each with what it saw. */
import type { Comparison } from './comparison.js';

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
  fewestTickets: number;
  /** Points that it may be worse by after a scheduled run, and in what is shown */
  margin: number;
  /** Points that a slice may be worse by */
  sliceMargin: number;
  /** Share of equal challengers that may pass for better ones, 0–1 */
  alpha: number;
  /** Share of harmless challengers that the slices may send back: a harm that is overlooked costs more, 0–1 */
  sliceAlpha: number;
  /** Largest expected calibration error beyond what chance explains, 0–1 */
  mostEce: number;
  /** Most that a ticket may take longer, as a factor */
  mostSlowdown: number;
}

export const defaultGates: GateSettings = {
  fewestTickets: 40,
  margin: 0.5,
  sliceMargin: 2,
  alpha: 0.05,
  sliceAlpha: 0.2,
  mostEce: 0.05,
  mostSlowdown: 1.5,
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
  /** What was seen and what was asked for, in one sentence */
  said: string;
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
    const said = facts.failure ?? 'it did not answer in its sandbox';
    return { promoted: false, biased: false, gates: [{ gate: 'sandbox', passed: false, said }] };
  }
  const gates = [
    { gate: 'sandbox' as const, passed: true, said: 'it loads and answers in a process of its own' },
    enough(comparison, settings),
    ownAnswers(comparison),
    trigger === 'decision' ? better(comparison, settings) : notWorse(comparison, settings),
    shown(comparison, settings),
    slices(comparison, settings),
    calibrated(comparison, settings),
    speed(facts, settings),
    reference(facts),
  ];
  return { promoted: gates.every(({ passed }) => passed), biased: comparison.biased, gates };
}

function enough({ tickets, basis }: Comparison, { fewestTickets }: GateSettings): Gate {
  const ground = {
    trusted: 'audit, correction and history labels',
    'weighted-choices': 'choices, corrected for what was shown',
    choices: 'choices that nothing corrects for what was shown: biased',
  }[basis];
  const said = `${tickets} held-out tickets (${ground}); at least ${fewestTickets} are asked for`;
  return { gate: 'enough', passed: tickets >= fewestTickets, said };
}

function ownAnswers({ agreement }: Comparison): Gate {
  const passed = agreement < 1;
  const share = Math.floor(agreement * 1000) / 10;
  return { gate: 'own-answers', passed, said: `it answers like the champion on ${share} % of the tickets` };
}

function better({ difference, evidence }: Comparison, { alpha }: GateSettings): Gate {
  const needed = 1 / alpha;
  const said = `${interval(difference)}; evidence that it is better ${figure(evidence)}, ${figure(needed)} is enough`;
  return { gate: 'better', passed: evidence >= needed && difference.points > 0, said };
}

/** By what stands first, or with fewer tickets by the score of the probabilities, unless what stands first is surely worse. */
function notWorse({ difference, atLeast, score }: Comparison, { margin }: GateSettings): Gate {
  const byScore = score && difference.high >= 0 ? score.atLeast : -Infinity;
  const scored = score ? `; by the score of the probabilities ${interval(score)}` : '';
  const said = `${interval(difference)}${scored}; worse by ${figure(-Math.max(atLeast, byScore))} points at most, ${margin} is allowed`;
  return { gate: 'not-worse', passed: Math.max(atLeast, byScore) >= -margin, said };
}

/** Top-1 is taken before abstention: a version that never answers would pass by it. */
function shown({ usefulDifference }: Comparison, { sliceMargin }: GateSettings): Gate {
  const { points, high } = usefulDifference;
  const said = `shown and right, or rightly silent: ${interval(usefulDifference)}; ${sliceMargin} points worse is the most`;
  return { gate: 'shown', passed: points >= -sliceMargin || high >= 0, said };
}

function slices({ slices: all }: Comparison, { sliceMargin, sliceAlpha }: GateSettings): Gate {
  const worse = all.filter(({ points, pWorse }) => points < -sliceMargin && pWorse < sliceAlpha);
  const named = worse.map(
    ({ by, value, points, tickets }) => `${by} ${value}: ${figure(points)} points on ${tickets} tickets`,
  );
  const said =
    worse.length > 0
      ? `worse in ${named.join('; ')}`
      : `none of ${all.length} slices is worse beyond ${sliceMargin} points`;
  return { gate: 'slices', passed: worse.length === 0, said };
}

/** What changes in the world takes both out of calibration: one that is not surely worse than the champion is no step back. */
function calibrated(comparison: Comparison, { mostEce }: GateSettings): Gate {
  const { champion, challenger, chanceEce, eceExcess = challenger.ece - champion.ece } = comparison;
  const limit = Math.hypot(mostEce, chanceEce);
  const above = eceExcess > 0 ? `surely ${eceExcess.toFixed(3)} above` : 'not surely above';
  const said = `calibration error ${challenger.ece.toFixed(3)}, ${above} the champion's ${champion.ece.toFixed(3)}; ${limit.toFixed(3)} is allowed anyway (limit ${mostEce}, by chance ${chanceEce.toFixed(3)})`;
  return { gate: 'calibrated', passed: challenger.ece <= limit || eceExcess <= 0, said };
}

function speed({ slowdown }: ChallengerFacts, { mostSlowdown }: GateSettings): Gate {
  if (slowdown === null) return { gate: 'speed', passed: false, said: 'its speed was not measured' };
  const said = `a ticket takes ${slowdown.toFixed(2)} times as long as with the champion; at most ${mostSlowdown}`;
  return { gate: 'speed', passed: slowdown <= mostSlowdown, said };
}

function reference({ hasReference }: ChallengerFacts): Gate {
  const said = hasReference ? 'it has a drift reference' : 'it has no drift reference: the monitor would be blind';
  return { gate: 'reference', passed: hasReference, said };
}

const figure = (value: number): string => String(Math.round(value * 100) / 100);

const interval = ({ points, low, high }: { points: number; low: number; high: number }): string =>
  `${figure(points)} points (95 % interval ${figure(low)} to ${figure(high)})`;
