/** What one version said of one ticket. */

import type { Provenance } from '../../records/label.entity.js';

export interface Prediction {
  /** Best first; three are enough */
  templates: readonly string[];
  /** Of the first, 0–1 */
  probability: number;
  /** Of the likeliest templates, by id */
  probabilities: Readonly<Record<string, number>>;
  abstained: boolean;
}

/** A held-out ticket with its label and both answers. */
export interface ComparedTicket {
  channel: string | null;
  language: string | null;
  contactType: string | null;
  /** The right template; null where none fits */
  label: string | null;
  provenance: Provenance;
  /** What had stood before the agent in the first place; null where nothing had or nobody knows */
  shownFirst: string | null;
  /** Probability that anything was shown; null where that is not known */
  shownProbability: number | null;
  champion: Prediction;
  challenger: Prediction;
}
