/**
 * Baselines that a model must beat: majority class, a linear model of n-grams, and the nearest centroid of the encoder's embeddings
 * (Rocchio 1971). The fourth baseline, the templates' own text, is `TextMatchRanker`.
 */
import type { AbstentionRule } from '../ranking/abstention.js';
import type { Encoder } from '../encoder/encoder.js';
import { rowEmbedding } from '../heads/head-scores.js';
import { scoreRow, trainLinearSvm, type LinearHead } from '../heads/linear-svm.js';
import type { Candidate, Ranker, RankInput, Ranking } from '../ranker.js';
import { predictContactType, buildRanking } from '../ranking/ranking.js';
import { TemplateVectors } from '../encoder/template-vectors.js';
import { cosine, type TicketFeatures } from '../features/ticket-features.js';
import { textFacts } from '../features/text-facts.js';
import { ticketText } from '../features/ticket-text.js';
import type { TrainingData } from '../dataset/training-data.js';

/** Baselines abstain only on tickets without words. */
const rule: AbstentionRule = { outOfScopeThreshold: -Infinity, confidenceThreshold: 0, conformalThreshold: 0.02 };
/** Inverse temperatures: with them the softmax over a few dozen templates is roughly calibrated. */
const ngramScale = 6;
const cosineScale = 20;
const ngramCost = 0.5;

interface ScoredText {
  /** [classes] */
  scores: Float32Array;
  embedding: Float32Array | null;
}

/** Trained classes, and candidates that can differ from them. */
abstract class Baseline implements Ranker {
  abstract readonly version: string;
  protected candidates: readonly Candidate[];
  private labels: number[] = [];

  constructor(private readonly classes: readonly string[]) {
    this.candidates = this.trainedTemplates();
    this.labels = [...classes.keys()];
  }

  setCandidates(candidates: Candidate[] | null): Promise<void> {
    const label = new Map(this.classes.map((id, index) => [id, index]));
    this.candidates = candidates ?? this.trainedTemplates();
    this.labels = this.candidates.map(({ templateId }) => label.get(templateId) ?? -1);
    return Promise.resolve();
  }

  rank(inputs: RankInput[]): Promise<Ranking[]> {
    const types = this.candidates.map(({ contactTypes }) =>
      contactTypes.length === 1 ? (contactTypes[0] ?? null) : null,
    );
    return Promise.resolve(
      this.scoreTexts(inputs).map((scored, index) => {
        const logits = Float64Array.from(this.labels, (label, candidate) => {
          if (!scored) return 0;
          return label === -1 ? this.scoreZeroShot(scored, candidate) : (scored.scores[label] ?? 0);
        });
        return buildRanking({
          candidates: this.candidates,
          logits,
          embedding: scored?.embedding ?? null,
          facts: textFacts(inputs[index] as RankInput, null),
          hasWords: scored !== null,
          maxLogit: 0,
          rule,
          contactType: (probabilities) => predictContactType(types, probabilities),
        });
      }),
    );
  }

  dispose(): void {
    this.candidates = [];
    this.labels = [];
  }

  private trainedTemplates(): Candidate[] {
    return this.classes.map((templateId) => ({ templateId, title: '', body: '', contactTypes: [] }));
  }

  /** @returns null for a ticket without words */
  protected abstract scoreTexts(inputs: RankInput[]): (ScoredText | null)[];
  /** Score of a candidate without labels. */
  protected abstract scoreZeroShot(scored: ScoredText, candidate: number): number;
}

const hasWords = (input: RankInput): boolean => /[^\s\p{C}\p{Z}]/u.test(ticketText(input));
const lowest = (scores: Float32Array): number => scores.reduce((a, b) => Math.min(a, b), Infinity);

/** Ranks by frequency. */
export class MajorityRanker extends Baseline {
  readonly version = 'majority';
  private readonly scores: Float32Array;

  constructor(data: Pick<TrainingData, 'classes' | 'labels'>, rows: Int32Array) {
    super(data.classes);
    // Laplace smoothing: a template without labels has a probability too.
    this.scores = classCounts(data, rows).map((count) => Math.log(count + 1));
  }

  protected scoreTexts(inputs: RankInput[]): (ScoredText | null)[] {
    return inputs.map((input) => (hasWords(input) ? { scores: this.scores, embedding: null } : null));
  }

  protected scoreZeroShot(): number {
    return 0;
  }
}

/** The n-gram head alone, without an encoder. */
export class NgramRanker extends Baseline {
  readonly version = 'n-grams';

  private constructor(
    private readonly features: TicketFeatures,
    private readonly head: LinearHead,
    classes: readonly string[],
  ) {
    super(classes);
  }

  static async fit(data: TrainingData, rows: Int32Array, seed: number): Promise<NgramRanker> {
    const head = await trainLinearSvm(data.sparse, data.labels, rows, data.classes.length, { cost: ngramCost, seed });
    return new NgramRanker(data.features, head, data.classes);
  }

  protected scoreTexts(inputs: RankInput[]): (ScoredText | null)[] {
    return inputs.map((input) => {
      if (!hasWords(input)) return null;
      const scores = scoreRow(this.head, this.features.sparse(input)).map((score) => ngramScale * score);
      return { scores, embedding: null };
    });
  }

  /** Templates without labels come last: there are no features of their text. */
  protected scoreZeroShot({ scores }: ScoredText): number {
    return lowest(scores);
  }
}

/** Ranks by cosine to the mean embedding of each class; a template without labels by its own embedding. */
export class NearestCentroidRanker extends Baseline {
  readonly version = 'class-means';
  private readonly means: Float32Array[];
  private readonly vectors: TemplateVectors;
  private templates: Float32Array[] = [];

  constructor(
    private readonly encoder: Encoder,
    data: TrainingData,
    rows: Int32Array,
  ) {
    super(data.classes);
    this.means = classMeans(data, rows);
    this.vectors = TemplateVectors.forEncoder(encoder);
  }

  override async setCandidates(candidates: Candidate[] | null): Promise<void> {
    await super.setCandidates(candidates);
    this.templates = this.vectors.embed(this.candidates);
  }

  protected scoreTexts(inputs: RankInput[]): (ScoredText | null)[] {
    return this.encoder.encode(inputs.map(ticketText)).map((views) => {
      const embedding = this.encoder.pickEmbedding(views);
      return (
        embedding && {
          scores: Float32Array.from(this.means, (mean) => cosineScale * cosine(embedding, mean)),
          embedding,
        }
      );
    });
  }

  protected scoreZeroShot({ embedding }: ScoredText, candidate: number): number {
    const template = this.templates[candidate];
    return embedding && template ? cosineScale * cosine(embedding, template) : 0;
  }
}

/** @param rows all of them have a class. @returns labels of each class among the rows, [classes] */
export function classCounts(
  { classes, labels }: Pick<TrainingData, 'classes' | 'labels'>,
  rows: Int32Array,
): Float32Array {
  const counts = new Float32Array(classes.length);
  for (const row of rows) counts[labels[row] ?? 0] = (counts[labels[row] ?? 0] ?? 0) + 1;
  return counts;
}

/** @returns per class the mean embedding, scaled to length 1; zeros for a class without rows */
export function classMeans(data: TrainingData, rows: Int32Array): Float32Array[] {
  const means = data.classes.map(() => new Float32Array(data.embeddingSize));
  for (const row of rows) {
    const mean = means[data.labels[row] ?? 0] as Float32Array;
    rowEmbedding(data, row).forEach((value, at) => (mean[at] = mean[at]! + value));
  }
  return means.map((mean) => {
    const length = Math.hypot(...mean);
    return length > 0 ? mean.map((value) => value / length) : mean;
  });
}
