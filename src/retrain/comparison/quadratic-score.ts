/**
 * The quadratic score of a prediction, 2 p(label) − Σ p² (Brier 1950; a strictly proper score, Gneiting & Raftery, "Strictly
 * Proper Scoring Rules", JASA 2007). Which template ranks first changes by chance where two are nearly as likely; their
 * probabilities hardly do, so far fewer tickets tell two versions apart.
 */
import type { ComparedTicket, Prediction } from './prediction.js';

/** @returns −1 to 1 for a trusted label; unbiased under trust bias otherwise */
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

/** Maximum difference of the scores of two predictions for one ticket. */
export const maxScoreDifference = (trust: number): number => (2 * (1 + trust)) / (1 - trust) + 1;
