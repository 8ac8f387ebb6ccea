/** Ranks by similarity to the templates' own text: serves before the first training, and is a baseline afterwards. */
import type { AbstentionRule } from '../ranking/abstention.js';
import type { Encoder } from '../encoder/encoder.js';
import type { Candidate, Ranker, RankInput, Ranking } from '../ranker.js';
import { predictContactType, buildRanking } from '../ranking/ranking.js';
import { TemplateVectors } from '../encoder/template-vectors.js';
import { cosine } from '../features/ticket-features.js';
import { textFacts } from '../features/text-facts.js';
import { ticketText } from '../features/ticket-text.js';

/** Inverse temperature: with it the softmax over a few dozen templates is roughly calibrated. */
const scale = 20;
/** Texts with a cosine below 0.15 are unrelated. */
const rule: AbstentionRule = { outOfScopeThreshold: scale * 0.15, confidenceThreshold: 0, conformalThreshold: 0.02 };

export class TextMatchRanker implements Ranker {
  readonly version = 'text-match';
  private readonly vectors: TemplateVectors;
  private candidates: readonly Candidate[] = [];
  private embeddings: Float32Array[] = [];

  constructor(private readonly encoder: Encoder) {
    this.vectors = TemplateVectors.forEncoder(encoder);
  }

  setCandidates(candidates: Candidate[] | null): Promise<void> {
    this.candidates = candidates ?? [];
    this.embeddings = this.vectors.embed(this.candidates);
    return Promise.resolve();
  }

  rank(inputs: RankInput[]): Promise<Ranking[]> {
    const types = this.candidates.map(({ contactTypes }) =>
      contactTypes.length === 1 ? (contactTypes[0] ?? null) : null,
    );
    const encoded = this.encoder.encode(inputs.map(ticketText));
    return Promise.resolve(
      encoded.map((views, index) => {
        const embedding = this.encoder.pickEmbedding(views);
        const logits = Float64Array.from(this.embeddings, (template) =>
          embedding ? scale * cosine(embedding, template) : 0,
        );
        return buildRanking({
          candidates: this.candidates,
          logits,
          embedding,
          facts: textFacts(inputs[index] as RankInput, null),
          maxLogit: logits.reduce((a, b) => Math.max(a, b), -Infinity),
          rule,
          contactType: (probabilities) => predictContactType(types, probabilities),
        });
      }),
    );
  }

  dispose(): void {
    this.candidates = [];
    this.embeddings = [];
  }
}
