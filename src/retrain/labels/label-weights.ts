/** How much each label counts in a training. */
import type { Provenance } from '../../records/label.entity.js';

export interface LabelFacts {
  provenance: Provenance;
  /** Place of the chosen template before the agent, from 1; null where it was not shown */
  position: number | null;
  /** Whether a suggestion stood before the agent */
  shown: boolean;
  /** What the model that had suggested it thought of its first suggestion, 0–1; null where that is not known */
  confidence: number | null;
  ageDays: number;
}

export interface LabelWeightSettings {
  /** How often agents take what stands first whatever it is, 0–1 */
  trust: number;
  /** Older labels are left out */
  maxAgeDays: number;
}

/** Where nobody knows how sure the model was. */
const defaultConfidence = 0.8;
const maxWeight = 3;

/**
 * Audit and correction count in full, and so does history, which no suggestion has led. Of those who merely take what stands
 * first, all end on it: so a choice of the first counts as much as it is likely to be meant, and a choice of another,
 * which trust has thinned, for more than one. Weighted so, the labels of similar tickets stand in the proportion of the
 * truth, and a model does not learn its own answers back.
 *
 * @returns 0 where it is left out
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
 * How many lines of a training set stand for a label: as many as its weight in the mean. A ticket that stands there twice
 * counts twice; copies are always held out together.
 *
 * @param draw of the ticket, in [0, 1): the same one gives the same number again
 */
export function sampleCopies(weight: number, draw: number): number {
  const whole = Math.floor(weight);
  return whole + (draw < weight - whole ? 1 : 0);
}
