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

export interface LabelRules {
  /** How often agents take what stands first whatever it is, 0–1 */
  trust: number;
  /** Older labels are left out */
  mostDays: number;
}

/** Where nobody knows how sure the model was. */
const unknownConfidence = 0.8;
const heaviest = 3;

/**
 * Audit and correction count in full, and so does history, which no suggestion has led. Of those who merely take what stands
 * first, all end on it: so a choice of the first counts as much as it is likely to be meant, and a choice of another,
 * which trust has thinned, for more than one. Weighted so, the labels of similar tickets stand in the proportion of the
 * truth, and a model does not learn its own answers back.
 *
 * @returns 0 where it is left out
 */
export function labelWeight(label: LabelFacts, rules: LabelRules): number {
  const { provenance, position, shown, confidence, ageDays } = label;
  if (ageDays > rules.mostDays) return 0;
  if (provenance !== 'choice' || !shown) return 1;
  const { trust } = rules;
  if (position !== 1) return Math.min(heaviest, 1 / (1 - trust));
  const sure = Math.min(1, Math.max(0, confidence ?? unknownConfidence));
  return sure === 0 ? 0 : sure / (sure + trust * (1 - sure));
}

/**
 * How many lines of a training set stand for a label: as many as its weight in the mean. A ticket that stands there twice
 * counts twice; copies are always held out together.
 *
 * @param draw of the ticket, in [0, 1): the same one gives the same number again
 */
export function copiesOf(weight: number, draw: number): number {
  const whole = Math.floor(weight);
  return whole + (draw < weight - whole ? 1 : 0);
}
