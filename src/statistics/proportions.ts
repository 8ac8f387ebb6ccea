/** Tests of proportions. */
import { hypergeometricTail, normalTail } from './special-functions.js';

/** Hits among a number of tickets */
export interface Count {
  hits: number;
  of: number;
}

export const proportion = ({ hits, of }: Count): number => (of === 0 ? 0 : hits / of);

/**
 * The probability of at least so many hits in `now` where both have the same rate: Fisher's exact test, one-sided.
 *
 * @returns 0 < p ≤ 1
 */
export function fisherGreater(now: Count, before: Count): number {
  const tail = hypergeometricTail(now.hits, now.of + before.of, now.hits + before.hits, now.of);
  return Math.max(tail, Number.MIN_VALUE);
}

/** The probability of at least so many hits where each comes with its own probability: normal approximation, corrected. */
export function poissonBinomialTail(hits: number, probabilities: readonly number[]): number {
  const mean = probabilities.reduce((sum, p) => sum + p, 0);
  const variance = probabilities.reduce((sum, p) => sum + p * (1 - p), 0);
  if (variance === 0) return hits > mean ? Number.MIN_VALUE : 1;
  return Math.max(normalTail((hits - 0.5 - mean) / Math.sqrt(variance)), Number.MIN_VALUE);
}
