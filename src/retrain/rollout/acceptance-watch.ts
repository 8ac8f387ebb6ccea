/** Sequential tests of agents' acceptance rate, valid after every ticket (e-values). */
import { wilsonInterval } from '../../statistics/intervals.js';
import { bettingWealth, meanDifference } from '../../statistics/paired-test.js';
import { toPercent } from '../../statistics/percent.js';

export interface AcceptanceTestSettings {
  /** Type I error: share of equal versions that are rolled back, 0–1 */
  alpha: number;
  /** Non-inferiority margin of the acceptance rate, 0–1 */
  margin: number;
  /** Minimum number of pairs before promotion */
  minPairs: number;
}

export const defaultAcceptanceTest: AcceptanceTestSettings = { alpha: 0.01, margin: 0.02, minPairs: 200 };

export interface OutcomePair {
  /** 1 if the rollout's first suggestion was correct or accepted, else 0 */
  rollout: number;
  champion: number;
}

export interface RolloutVerdict {
  state: 'worse' | 'good' | 'open';
  /** Acceptance rate of the rollout − the champion's, percentage points, one decimal */
  points: number;
  pairs: number;
  evidence: number;
}

export interface ChampionVerdict {
  state: 'worse' | 'open';
  /** Acceptance rates of this and the previous champion, percent, one decimal */
  acceptance: number;
  previous: number;
  tickets: number;
}

/** @param pairs in the order of their labels */
export function rolloutVerdict(pairs: readonly OutcomePair[], settings = defaultAcceptanceTest): RolloutVerdict {
  const { alpha, margin, minPairs } = settings;
  const losses = pairs.map(({ rollout, champion }) => champion - rollout);
  const evidence = bettingWealth(losses, 1).highest;
  const { mean, high } = meanDifference(losses);
  const isGood = pairs.length >= minPairs && high < margin;
  const state = evidence >= 1 / alpha ? 'worse' : isGood ? 'good' : 'open';
  return { state, points: toPercent(-mean, 1), pairs: pairs.length, evidence: toPercent(evidence / 100, 1) };
}

/**
 * @param outcomes of the new champion's suggestions, 1 accepted, in the order of their labels
 * @param before acceptance of the previous champion
 */
export function championVerdict(
  outcomes: readonly number[],
  before: { accepted: number; total: number },
  { alpha, margin }: AcceptanceTestSettings = defaultAcceptanceTest,
): ChampionVerdict {
  const previousRate = before.total === 0 ? 0 : before.accepted / before.total;
  // The previous rate is an estimate: its lower confidence bound is the baseline.
  const minAcceptance = before.total === 0 ? 0 : wilsonInterval(before.accepted, before.total)[0] - margin;
  const evidence = bettingWealth(
    outcomes.map((accepted) => minAcceptance - accepted),
    1,
  ).highest;
  const rate = outcomes.reduce((sum, accepted) => sum + accepted, 0) / Math.max(1, outcomes.length);
  const state = minAcceptance > 0 && evidence >= 1 / alpha ? 'worse' : 'open';
  return { state, acceptance: toPercent(rate, 1), previous: toPercent(previousRate, 1), tickets: outcomes.length };
}
