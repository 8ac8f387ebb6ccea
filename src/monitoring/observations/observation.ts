/** A ticket as the monitor sees it: from stored rows in service, from a file's rows on the command line. */
import type { AbstentionReason, FieldValue, RankedTemplate } from '../../models/ranker.js';

export interface Observation {
  /** `source:ticketId`; redeliveries and later revisions of a ticket have the same. */
  key: string;
  /** When the customer wrote it */
  occurredAt: Date;
  /** [hidden size of the encoder], L2-normalised; null for a text without tokens */
  embedding: Float32Array | null;
  /** At most the top ten; the remaining probability belongs to the others. Empty where nothing could be ranked. */
  ranking: readonly RankedTemplate[];
  /** Of all candidates' probabilities, nats; null where nothing was ranked */
  entropy: number | null;
  abstained: boolean;
  reason: AbstentionReason | null;
  /** Predicted */
  contactType: string | null;
  channel: string | null;
  language: string | null;
  /** Without `customer.*` */
  fields: Readonly<Record<string, FieldValue>>;
  /** Words of subject and body */
  words: number;
  /** Share of the words that the model's vocabulary does not have, 0–1; null for a text without words */
  unknownShare: number | null;
  /** Identifies copies (`TextFacts`) */
  fingerprint: string;
}

/** The outcome of an observed ticket, known later than the ticket. */
export interface Outcome {
  key: string;
  labelledAt: Date;
  /** The correct template; null where none fits */
  templateId: string | null;
  provenance: 'choice' | 'history' | 'correction' | 'audit';
  /** Rank of the correct template among those shown, from 1; null where it was not shown */
  position: number | null;
  /** Probability that suggestions were shown (propensity), 0–1; null where unknown */
  shownProbability: number | null;
}

/** With the suggestion that may have influenced the agent. */
export interface ExposedOutcome extends Outcome {
  /** The first suggestion shown; null where none was, or unknown */
  shownFirst: string | null;
}

/** A ticket of the reference: its out-of-fold prediction and its label. A diagnosis compares the window with a sample of them. */
export interface LabelledObservation extends Observation {
  /** Null where none fits */
  templateId: string | null;
}

export interface RecentLabel {
  templateId: string | null;
  /** The first suggestion shown; null where none was */
  shownFirst: string | null;
}
