/** Whether agents take less of what a version suggests: tests that may be looked at after every ticket. */
import { wilsonInterval } from '../../statistics/intervals.js';
import { bettingWealth, meanDifference } from '../../statistics/paired-test.js';
import { toPercent } from '../../statistics/percent.js';

export interface AcceptanceTestSettings {
  /** Share of all versions that are taken back though they are no worse, 0–1 */
  alpha: number;
  /** Acceptance that a version may lose, 0–1 */
  margin: number;
  /** Pairs after which a version that is tried out may take over */
  minPairs: number;
}

export const defaultAcceptanceTest: AcceptanceTestSettings = { alpha: 0.01, margin: 0.02, minPairs: 200 };

export interface OutcomePair {
  /** What is tried out got it right, or was accepted: 1, else 0 */
  rollout: number;
  champion: number;
}

export interface RolloutVerdict {
  state: 'worse' | 'good' | 'open';
  /** Of acceptance: that of what is tried out less the champion's, with one digit after the point */
  points: number;
  pairs: number;
  evidence: number;
}

export interface ChampionVerdict {
  state: 'worse' | 'open';
  /** Acceptance in percent, now and of the champion before, with one digit after the point */
  acceptance: number;
  previous: number;
  tickets: number;
}

/** @param pairs in the order in which they were settled */
export function rolloutVerdict(pairs: readonly OutcomePair[], settings = defaultAcceptanceTest): RolloutVerdict {
  const { alpha, margin, minPairs: fewestPairs } = settings;
  const losses = pairs.map(({ rollout: tried, champion }) => champion - tried);
  const evidence = bettingWealth(losses, 1).highest;
  const { mean, high } = meanDifference(losses);
  const isGood = pairs.length >= fewestPairs && high < margin;
  const state = evidence >= 1 / alpha ? 'worse' : isGood ? 'good' : 'open';
  return { state, points: toPercent(-mean, 1), pairs: pairs.length, evidence: toPercent(evidence / 100, 1) };
}

/**
 * @param outcomes of the tickets that the new champion answered, 1 accepted, in the order in which they were settled
 * @param before what the champion before it was accepted on
 */
export function championVerdict(
  outcomes: readonly number[],
  before: { accepted: number; of: number },
  { alpha, margin }: AcceptanceTestSettings = defaultAcceptanceTest,
): ChampionVerdict {
  const previousRate = before.of === 0 ? 0 : before.accepted / before.of;
  // The old rate is only an estimate too: what it may be off by is given to the new one.
  const minAcceptance = before.of === 0 ? 0 : wilsonInterval(before.accepted, before.of)[0] - margin;
  const evidence = bettingWealth(
    outcomes.map((accepted) => minAcceptance - accepted),
    1,
  ).highest;
  const now = outcomes.reduce((sum, one) => sum + one, 0) / Math.max(1, outcomes.length);
  const state = minAcceptance > 0 && evidence >= 1 / alpha ? 'worse' : 'open';
  return { state, acceptance: toPercent(now, 1), previous: toPercent(previousRate, 1), tickets: outcomes.length };
}
