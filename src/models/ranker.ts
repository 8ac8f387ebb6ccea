/**
 * The one contract behind which every model stands: the trained ranker, the ranking by the templates' own text, and
 * the baselines. `test/contract/ranker.conformance.ts` is the suite that each of them must pass.
 */

/** A structured field of a ticket. Flat on purpose: what can't be said in these types is no feature. */
export type FieldValue = string | number | boolean | null;

/** What a ranker may look at. `fields.customer.*` has been taken out before: it fills placeholders, it is no feature. */
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
  /** Its share among the tickets now, divided by its share in training; 1 where nothing is said. */
  weight?: number;
  /** Templates that were merged into it: what was learned of them counts for it. */
  merged?: string[];
}

export interface RankedTemplate {
  templateId: string;
  /** Calibrated probability that this template is the right one, 0–1. */
  probability: number;
}

/** Why nothing is suggested. `model-error`: the ticket killed the model process three times while alone in its batch. */
export type AbstentionReason = 'empty-text' | 'unsure' | 'out-of-scope' | 'no-templates' | 'model-error';

export interface Ranking extends TextFacts {
  /** Every candidate where there are at most 100, else the best 100; descending; probabilities sum to at most 1. */
  items: RankedTemplate[];
  /** How many of the first items make up the set that holds the right one with the promised coverage; 0 where none. */
  setSize: number;
  contactType: { value: string; probability: number } | null;
  /** True where the ranking is not to be shown. `items` is filled all the same: test figures are taken before it. */
  abstained: boolean;
  reason: AbstentionReason | null;
  /** The text's embedding, [hidden size of the encoder], L2-normalised; null where no encoder was used. */
  embedding: Float32Array | null;
  /** Of all candidates' probabilities, without their weights, nats; null where nothing was ranked */
  entropy: number | null;
  /** The best ten without the candidates' weights, where they have any: what a reference can be compared with. */
  unweighted?: RankedTemplate[];
}

/**
 * Ranks templates for tickets.
 *
 * `rank` answers one ranking per input, in the same order, and depends on nothing but its arguments: the same input
 * gives the same ranking alone and in any batch (up to 1e-4 in the probabilities).
 */
export interface Ranker {
  readonly version: string;
  /**
   * The templates to rank from now on; null for those that the model was trained with. Their texts are embedded once and
   * kept by hash.
   */
  setCandidates(candidates: Candidate[] | null): Promise<void>;
  rank(inputs: RankInput[]): Promise<Ranking[]>;
  dispose(): void;
}

export interface TextFacts {
  /** Words of subject and body */
  words: number;
  /** Share of the words that the model's vocabulary does not have, 0–1; null for a text without words, or without vocabulary */
  unknownShare: number | null;
  /** By which copies are known: of the whole text, and behind a `~`, of a long one, so many bands. */
  fingerprint: string;
}
