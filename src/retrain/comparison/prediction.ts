/** What a version predicts for a ticket. */

import type { Provenance } from '../../records/tickets/label.entity.js';

export interface Prediction {
  /** Ids, most likely first, at most three */
  templates: readonly string[];
  /** Of the first template, 0–1 */
  probability: number;
  /** By template id, 0–1 */
  probabilities: Readonly<Record<string, number>>;
  abstained: boolean;
}

/** A held-out ticket with its label and both predictions. */
export interface ComparedTicket {
  channel: string | null;
  language: string | null;
  contactType: string | null;
  /** The correct template; null if none fits */
  label: string | null;
  provenance: Provenance;
  /** The first suggestion that the agent saw; null if none or unknown */
  shownFirst: string | null;
  /** Propensity: the probability that a suggestion was shown; null if unknown */
  shownProbability: number | null;
  champion: Prediction;
  challenger: Prediction;
}
