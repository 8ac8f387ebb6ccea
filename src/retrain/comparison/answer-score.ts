/**
 * How good the probabilities of an answer are: the quadratic score 2 p(right) − Σ p² (Brier 1950; a proper score, Gneiting & Raftery,
 * "Strictly Proper Scoring Rules", JASA 2007). Of calibrated answers it is as often right in the mean as one drawn by its
 * probabilities would be. Whether the right template stands first changes by chance where two are nearly as likely; their
 * probabilities hardly do, so that far fewer tickets tell two versions apart.
 */
import type { ComparedTicket } from './answer.js';
import type { Prediction } from './answer.js';

/** @returns between −1 and 1 for a label that can be trusted; right in the mean where agents take what stands first */
export function quadraticScore(
  { probabilities }: Prediction,
  { label, shownFirst }: Pick<ComparedTicket, 'label' | 'shownFirst'>,
  trust: number,
): number {
  const probability = (template: string | null): number => (template === null ? 0 : (probabilities[template] ?? 0));
  const trustShare = shownFirst === null ? 0 : trust;
  const right = (probability(label) - trustShare * probability(shownFirst)) / (1 - trustShare);
  return 2 * right - Object.values(probabilities).reduce((sum, one) => sum + one * one, 0);
}

/** Two answers to one ticket are never further apart. */
export const maxScoreDifference = (trust: number): number => (2 * (1 + trust)) / (1 - trust) + 1;
