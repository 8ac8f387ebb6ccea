/** Whether agents take less of what a version suggests: tests that may be looked at after every ticket. */
import { shareInterval } from '../../statistics/intervals.js';
import { evidenceAbove, meanDifference } from '../../statistics/paired-test.js';
import { toPercent } from '../../statistics/percent.js';

export interface WatchSettings {
  /** Share of all versions that are taken back though they are no worse, 0–1 */
  alpha: number;
  /** Acceptance that a version may lose, 0–1 */
  margin: number;
  /** Pairs after which a version that is tried out may take over */
  fewestPairs: number;
}

export const defaultWatch: WatchSettings = { alpha: 0.01, margin: 0.02, fewestPairs: 200 };

export interface Outcome {
  /** What is tried out got it right, or was accepted: 1, else 0 */
  tried: number;
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
  now: number;
  before: number;
  tickets: number;
}

/** @param pairs in the order in which they were settled */
export function rolloutVerdict(pairs: readonly Outcome[], settings = defaultWatch): RolloutVerdict {
  const { alpha, margin, fewestPairs } = settings;
  const losses = pairs.map(({ tried, champion }) => champion - tried);
  const evidence = evidenceAbove(losses, 1).highest;
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
  { alpha, margin }: WatchSettings = defaultWatch,
): ChampionVerdict {
  const rate = before.of === 0 ? 0 : before.accepted / before.of;
  // The old rate is only an estimate too: what it may be off by is given to the new one.
  const floor = before.of === 0 ? 0 : shareInterval(before.accepted, before.of)[0] - margin;
  const evidence = evidenceAbove(
    outcomes.map((accepted) => floor - accepted),
    1,
  ).highest;
  const now = outcomes.reduce((sum, one) => sum + one, 0) / Math.max(1, outcomes.length);
  const state = floor > 0 && evidence >= 1 / alpha ? 'worse' : 'open';
  return { state, now: toPercent(now, 1), before: toPercent(rate, 1), tickets: outcomes.length };
}
