/** What the monitor knows of one ticket: made of stored rows in service, of a file's rows by the command line. */
import type { AbstentionReason, FieldValue, RankedTemplate } from '../../models/ranker.js';

export interface Observation {
  /** `source:ticketId`; redeliveries and later revisions of a ticket have the same. */
  key: string;
  /** When the customer wrote it */
  occurredAt: Date;
  /** [hidden size of the encoder], L2-normalised; null for a text without tokens */
  embedding: Float32Array | null;
  /** The best ten at most; the rest of the probability lies on the others. Empty where nothing could be ranked. */
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
  /** By which copies are known (`TextFacts`) */
  fingerprint: string;
}

/** What became of a ticket that was observed, known later than the ticket. */
export interface Outcome {
  key: string;
  labelledAt: Date;
  /** The template that counts as right; null where none fits */
  templateId: string | null;
  provenance: 'choice' | 'history' | 'correction' | 'audit';
  /** Place of the right one among what was shown, from 1; null where it was not shown */
  position: number | null;
  /** With which probability anything was shown, 0–1; null where that is not known */
  shownProbability: number | null;
}

/** With what may have swayed the agent. */
export interface ExposedOutcome extends Outcome {
  /** What stood before the agent in the first place; null where nothing did or nobody knows */
  shownFirst: string | null;
}

/**
 * A ticket of the reference: what the model said of it without having learned from it, and what was right. The evidence
 * after an alarm is measured against a sample of them.
 */
export interface LabelledObservation extends Observation {
  /** Null where none fits */
  templateId: string | null;
}

export interface RecentLabel {
  templateId: string | null;
  /** What stood before the agent in the first place; null where nothing did */
  shownFirst: string | null;
}
