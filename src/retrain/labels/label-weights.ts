/** Weight of each label in a training. */
import type { Provenance } from '../../records/tickets/label.entity.js';

export interface LabelFacts {
  provenance: Provenance;
  /** Rank of the chosen template in the suggestion, from 1; null if it was not shown */
  position: number | null;
  /** Whether the agent saw a suggestion */
  shown: boolean;
  /** The model's probability of its first suggestion, 0–1; null if unknown */
  confidence: number | null;
  ageDays: number;
}

export interface LabelWeightSettings {
  /** Trust bias: share of agents' choices that accept the first suggestion unread, 0–1 */
  trust: number;
  /** Older labels have weight 0 */
  maxAgeDays: number;
}

/** Assumed if the model's confidence is unknown. */
const defaultConfidence = 0.8;
const maxWeight = 3;

/**
 * Audit, correction and history labels have weight 1: no suggestion influenced them. Under trust bias the first suggestion is
 * chosen too often, so its choice is weighted by the probability that it was intended, and another choice by the inverse of how
 * often it survives. The weighted labels of similar tickets have the true proportions, and a model does not learn its own
 * suggestions.
 *
 * @returns 0 if the label is left out
 */
export function labelWeight(label: LabelFacts, settings: LabelWeightSettings): number {
  const { provenance, position, shown, confidence, ageDays } = label;
  if (ageDays > settings.maxAgeDays) return 0;
  if (provenance !== 'choice' || !shown) return 1;
  const { trust } = settings;
  if (position !== 1) return Math.min(maxWeight, 1 / (1 - trust));
  const meant = Math.min(1, Math.max(0, confidence ?? defaultConfidence));
  return meant === 0 ? 0 : meant / (meant + trust * (1 - meant));
}

/**
 * Training rows of a label: its weight, rounded up or down at random so that the mean is kept. Copies of a ticket are always held
 * out together.
 *
 * @param draw of the ticket, in [0, 1): the same draw gives the same number
 */
export function sampleCopies(weight: number, draw: number): number {
  const whole = Math.floor(weight);
  return whole + (draw < weight - whole ? 1 : 0);
}
