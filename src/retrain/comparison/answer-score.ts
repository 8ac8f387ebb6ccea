/**
 * How good the probabilities of an answer are: the quadratic score 2 p(right) − Σ p² (Brier 1950; a proper score, Gneiting & Raftery,
 * "Strictly Proper Scoring Rules", JASA 2007). Of calibrated answers it is as often right in the mean as one drawn by its
 * probabilities would be. Whether the right template stands first changes by chance where two are nearly as likely; their
 * probabilities hardly do, so that far fewer tickets tell two versions apart.
 */
import type { ComparedTicket } from './answer.js';
import type { Answer } from './answer.js';

/** @returns between −1 and 1 for a label that can be trusted; right in the mean where agents take what stands first */
export function scoreOf(
  { probabilities }: Answer,
  { label, shownFirst }: Pick<ComparedTicket, 'label' | 'shownFirst'>,
  trust: number,
): number {
  const of = (template: string | null): number => (template === null ? 0 : (probabilities[template] ?? 0));
  const merelyShown = shownFirst === null ? 0 : trust;
  const right = (of(label) - merelyShown * of(shownFirst)) / (1 - merelyShown);
  return 2 * right - Object.values(probabilities).reduce((sum, one) => sum + one * one, 0);
}

/** Two answers to one ticket are never further apart. */
export const mostScoreDifference = (trust: number): number => (2 * (1 + trust)) / (1 - trust) + 1;
