/**
 * The contract of every model: the trained ranker, the ranking by the templates' own text, and the baselines. Each passes the
 * suite `test/contract/ranker.conformance.ts`.
 */

/** A structured field of a ticket; flat, so that every value can be a feature. */
export type FieldValue = string | number | boolean | null;

/** The input of a ranker. `fields.customer.*` is removed before: it fills placeholders and is never a feature. */
export interface RankInput {
  subject: string;
  body: string;
  channel: string | null;
  language: string | null;
  contactType: string | null;
  fields: Record<string, FieldValue>;
}

/** A template that may be suggested. */
export interface Candidate {
  templateId: string;
  title: string;
  body: string;
  contactTypes: string[];
  /** Its share of the tickets now divided by its share in training (label shift); default 1 */
  weight?: number;
  /** Templates that were merged into it; their probabilities are added to its own */
  merged?: string[];
}

export interface RankedTemplate {
  templateId: string;
  /** Calibrated probability that this template is the right one, 0–1. */
  probability: number;
}

/** Why nothing is suggested. `model-error`: the model process died three times on this ticket alone. */
export type AbstentionReason = 'empty-text' | 'unsure' | 'out-of-scope' | 'no-templates' | 'model-error';

export interface Ranking extends TextFacts {
  /** Every candidate where there are at most 100, else the best 100; descending; probabilities sum to at most 1. */
  items: RankedTemplate[];
  /** Number of first items in the conformal set, which has the right template with the target coverage; 0 for an empty ranking */
  setSize: number;
  contactType: { value: string; probability: number } | null;
  /** True where the ranking must not be shown. `items` is filled all the same: accuracy is measured before abstention. */
  abstained: boolean;
  reason: AbstentionReason | null;
  /** L2-normalised embedding of the text, [hidden size of the encoder]; null without an encoder or a text */
  embedding: Float32Array | null;
  /** Entropy of the probabilities without the candidates' weights, nats; null for an empty ranking */
  entropy: number | null;
  /** The best ten without the candidates' weights, where there are any; comparable with the drift reference. */
  unweighted?: RankedTemplate[];
}

/**
 * Ranks templates for tickets.
 *
 * `rank` returns one ranking per input, in the same order, and depends on its arguments only: the same input gives the same ranking
 * alone and in any batch (up to 1e-4 in the probabilities).
 */
export interface Ranker {
  readonly version: string;
  /**
   * Sets the templates to rank; null for those that the model was trained with. Embeddings of their texts are cached.
   */
  setCandidates(candidates: Candidate[] | null): Promise<void>;
  rank(inputs: RankInput[]): Promise<Ranking[]>;
  dispose(): void;
}

export interface TextFacts {
  /** Words of subject and body */
  words: number;
  /** Share of out-of-vocabulary words, 0–1; null for a text without words, or a model without vocabulary */
  unknownShare: number | null;
  /** Equal for copies; of a long text also the bands of a MinHash, after a `~` */
  fingerprint: string;
}
