/** Ranks with a trained model version. */
import { softmax } from './combination.js';
import type { Encoder } from './encoder.js';
import { scoresOf } from './linear-svm.js';
import { loadModel, ModelFolderError, type ModelParts } from './model-folder.js';
import type { Candidate, Ranker, RankInput, Ranking } from './ranker.js';
import { likeliestType, rankingFrom } from './ranking.js';
import { softmaxScores } from './softmax-head.js';
import { TemplateVectors } from './template-vectors.js';
import type { Tensor2D, Tensorflow } from './tensorflow.js';
import { cosine, TicketFeatures } from './text-features.js';
import { ticketText } from './ticket-text.js';

interface Place {
  /** Class of the candidate; -1 where no label has taught it. */
  label: number;
  contactType: string | null;
  embedding: Float32Array;
}

export class TrainedRanker implements Ranker {
  readonly version: string;
  private readonly features: TicketFeatures;
  private readonly vectors: TemplateVectors;
  private readonly dense: { weights: Tensor2D; bias: Tensor2D };
  private candidates: readonly Candidate[] = [];
  private places: Place[] = [];

  private constructor(
    private readonly tf: Tensorflow,
    private readonly encoder: Encoder,
    private readonly parts: ModelParts,
  ) {
    const { description, vocabulary, dense } = parts;
    this.version = description.version;
    this.features = new TicketFeatures(description.views, vocabulary, description.fields);
    this.vectors = new TemplateVectors(encoder);
    this.dense = {
      weights: tf.tensor2d(dense.weights, [this.features.denseWidth, dense.classes]),
      bias: tf.tensor2d(dense.bias, [1, dense.classes]),
    };
  }

  /**
   * @throws ModelFolderError where the folder holds no model, or one that was trained on another encoder
   */
  static async open(tf: Tensorflow, encoder: Encoder, folder: string): Promise<TrainedRanker> {
    const parts = await loadModel(folder);
    const { hash } = parts.description.encoder;
    if (hash !== encoder.hash) {
      throw new ModelFolderError(
        `${folder} was trained on an encoder with the hash ${hash.slice(0, 16)}, this one has ${encoder.hash.slice(0, 16)}: set ENCODER_DIR to the one it was trained on`,
      );
    }
    const ranker = new TrainedRanker(tf, encoder, parts);
    await ranker.setCandidates(null);
    return ranker;
  }

  setCandidates(candidates: Candidate[] | null): Promise<void> {
    const { classes, contactTypeOfClass } = this.parts.description;
    const labelOf = new Map(classes.map((id, index) => [id, index]));
    const chosen = candidates ?? this.parts.templates;
    const embeddings = this.vectors.of(chosen);
    this.candidates = chosen;
    this.places = chosen.map(({ templateId, contactTypes }, index) => {
      const label = labelOf.get(templateId) ?? -1;
      const own = contactTypes.length === 1 ? (contactTypes[0] ?? null) : null;
      const contactType = contactTypeOfClass?.[label] ?? own;
      return { label, contactType, embedding: embeddings[index] ?? new Float32Array(this.encoder.size) };
    });
    return Promise.resolve();
  }

  rank(inputs: RankInput[]): Promise<Ranking[]> {
    if (inputs.length === 0) return Promise.resolve([]);
    const known = inputs.map((input) =>
      this.parts.description.knownContactType ? input : { ...input, contactType: null },
    );
    const encoded = this.encoder.encode(known.map(ticketText));
    const { denseWidth } = this.features;
    const rows = new Float32Array(known.length * denseWidth);
    encoded.forEach((views, index) => {
      const input = known[index];
      if (input) rows.set(this.features.dense(input, views), index * denseWidth);
    });
    const { classes } = this.parts.dense;
    const scores = softmaxScores(this.tf, this.dense, rows, known.length);
    return Promise.resolve(
      known.map((input, index) => {
        const embedding = this.encoder.embeddingOf(encoded[index] ?? new Float32Array());
        return this.rankOne(
          input,
          scores.subarray(index * classes, (index + 1) * classes),
          embedding,
          rows.subarray(index * denseWidth, (index + 1) * denseWidth),
        );
      }),
    );
  }

  dispose(): void {
    this.tf.dispose(this.dense);
  }

  private rankOne(input: RankInput, dense: Float32Array, embedding: Float32Array | null, row: Float32Array): Ranking {
    const { combination, readsTemplates, abstention } = this.parts.description;
    const [denseWeight = 1, sparseWeight = 1, textWeight = 0] = combination.weights;
    const sparse = scoresOf(this.parts.sparse, this.features.sparse(input));
    const learned = Float64Array.from(
      dense,
      (score, label) => denseWeight * score + sparseWeight * (sparse[label] ?? 0),
    );
    let familiarity = -Infinity;
    const logits = Float64Array.from(this.places, ({ label, embedding: template }) => {
      const likeness = embedding ? cosine(embedding, template) : 0;
      if (label === -1) return combination.unseen.scale * likeness + combination.unseen.offset;
      return (learned[label] ?? 0) + (readsTemplates ? textWeight * likeness : 0);
    });
    // Of the candidates, and of what may not be suggested: a ticket about a blocked template is not out of scope.
    for (const logit of logits) familiarity = Math.max(familiarity, logit);
    if (this.candidates.length < learned.length)
      for (const logit of learned) familiarity = Math.max(familiarity, logit);
    return rankingFrom({
      candidates: this.candidates,
      logits,
      embedding,
      familiarity,
      rule: abstention,
      contactType: (probabilities) => this.contactTypeOf(probabilities, row),
    });
  }

  /** Follows from the template where each answers one contact type; else a head of its own tells it. */
  private contactTypeOf(probabilities: Float64Array, row: Float32Array): Ranking['contactType'] {
    const { contactTypeHead, description } = this.parts;
    if (!contactTypeHead)
      return likeliestType(
        this.places.map(({ contactType }) => contactType),
        probabilities,
      );
    const logits = Float64Array.from(contactTypeHead.bias);
    row.forEach((value, feature) => {
      if (value === 0) return;
      const base = feature * contactTypeHead.classes;
      for (let type = 0; type < logits.length; type += 1) {
        logits[type] = (logits[type] as number) + value * (contactTypeHead.weights[base + type] as number);
      }
    });
    return likeliestType(description.contactTypes, softmax(logits));
  }
}
