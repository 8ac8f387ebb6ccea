/** Ranks with a trained model version. */
import { softmax } from './combination.js';
import { join } from 'node:path';
import { Encoder } from './encoder.js';
import { scoresOf, type LinearHead } from './linear-svm.js';
import { encoderFolder, loadModel, ModelFolderError, type ModelParts } from './model-folder.js';
import { NearestTickets } from './nearest-tickets.js';
import type { Candidate, Ranker, RankInput, Ranking } from './ranker.js';
import { likeliestType, rankingFrom } from './ranking.js';
import { softmaxScores } from './softmax-head.js';
import { TemplateVectors } from './template-vectors.js';
import type { Tensor2D, Tensorflow } from './tensorflow.js';
import { cosine, TicketFeatures } from './text-features.js';
import { knownWords, textFacts, type TextFacts } from './text-facts.js';
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
  private readonly nearest: NearestTickets;
  private readonly discriminant: { weights: Tensor2D; bias: Tensor2D };
  private readonly isKnown: (word: string) => boolean;
  private own: Encoder | null = null;
  private candidates: readonly Candidate[] = [];
  private places: Place[] = [];

  private constructor(
    private readonly tf: Tensorflow,
    private readonly encoder: Encoder,
    private readonly parts: ModelParts,
  ) {
    const { description, vocabulary, dense, discriminant } = parts;
    this.version = description.version;
    this.features = new TicketFeatures(description.views, vocabulary, description.fields);
    this.vectors = new TemplateVectors(encoder);
    this.isKnown = knownWords(vocabulary);
    this.nearest = new NearestTickets(tf, parts.nearest);
    const tensorsOf = ({ weights, bias, classes }: LinearHead): { weights: Tensor2D; bias: Tensor2D } => ({
      weights: tf.tensor2d(weights, [this.features.denseWidth, classes]),
      bias: tf.tensor2d(bias, [1, classes]),
    });
    this.dense = tensorsOf(dense);
    this.discriminant = tensorsOf(discriminant);
  }

  /**
   * @param usual encoder of the models that have none of their own
   * @throws ModelFolderError where the folder holds no model, or one that was trained on another encoder
   */
  static async open(tf: Tensorflow, usual: Encoder, folder: string): Promise<TrainedRanker> {
    const parts = await loadModel(folder);
    const { recipe, encoder: wanted } = parts.description;
    const own = recipe === 'finetune' ? await ownEncoder(tf, usual, join(folder, encoderFolder)) : null;
    const { hash } = own ?? usual;
    if (wanted.hash !== hash) {
      own?.dispose();
      throw new ModelFolderError(
        `${folder} was trained on an encoder with the hash ${wanted.hash.slice(0, 16)}, ${own ? 'the one in it' : 'this one'} has ${hash.slice(0, 16)}: ${own ? 'take a copy that is whole' : 'set ENCODER_DIR to the one it was trained on'}`,
      );
    }
    const ranker = new TrainedRanker(tf, own ?? usual, parts);
    ranker.own = own;
    await ranker.setCandidates(null);
    return ranker;
  }

  /** SHA-256 of the weights of the encoder that its embeddings are from */
  get encoderHash(): string {
    return this.encoder.hash;
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
    const { knownContactType } = this.parts.description;
    const known = inputs.map((input) => (knownContactType ? input : { ...input, contactType: null }));
    const encoded = this.encoder.encode(known.map(ticketText));
    const rows = known.map((input, index) => this.features.dense(input, encoded[index] ?? new Float32Array()));
    const learned = this.learnedScores(known, rows);
    return Promise.resolve(
      rows.map((row, index) => {
        const embedding = this.encoder.embeddingOf(encoded[index] ?? new Float32Array());
        const facts = textFacts(known[index] as RankInput, this.isKnown);
        return this.rankOne(learned[index] ?? new Float64Array(), embedding, row, facts);
      }),
    );
  }

  dispose(): void {
    this.tf.dispose([this.dense, this.discriminant]);
    this.nearest.dispose();
    this.own?.dispose();
  }

  /** What the heads say together, per ticket [classes]. */
  private learnedScores(inputs: RankInput[], rows: Float32Array[]): Float64Array[] {
    const { weights } = this.parts.description.combination;
    const [denseWeight = 1, sparseWeight = 1, nearestWeight = 1, discriminantWeight = 1] = weights;
    const { classes } = this.parts.dense;
    const values = together(rows, this.features.denseWidth);
    const dense = softmaxScores(this.tf, this.dense, values, rows.length);
    const discriminant = softmaxScores(this.tf, this.discriminant, values, rows.length);
    const nearest = this.nearest.scores(together(rows, this.encoder.size), rows.length);
    return inputs.map((input, index) => {
      const sparse = scoresOf(this.parts.sparse, this.features.sparse(input));
      return Float64Array.from(sparse, (score, label) => {
        const place = index * classes + label;
        return (
          denseWeight * (dense[place] as number) +
          sparseWeight * score +
          nearestWeight * (nearest[place] as number) +
          discriminantWeight * (discriminant[place] as number)
        );
      });
    });
  }

  private rankOne(learned: Float64Array, embedding: Float32Array | null, row: Float32Array, facts: TextFacts): Ranking {
    const { combination, abstention } = this.parts.description;
    const textWeight = combination.weights[4] ?? 0;
    const logits = Float64Array.from(this.places, ({ label, embedding: template }) => {
      const likeness = embedding ? cosine(embedding, template) : 0;
      if (label === -1) return combination.unseen.scale * likeness + combination.unseen.offset;
      return (learned[label] ?? 0) + textWeight * likeness;
    });
    // Of the candidates, and of what may not be suggested: a ticket about a blocked template is not out of scope.
    const familiarity = [logits, learned].reduce(
      (most, some) => some.reduce((a, b) => Math.max(a, b), most),
      -Infinity,
    );
    return rankingFrom({
      candidates: this.candidates,
      logits,
      embedding,
      facts,
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

/** @throws ModelFolderError */
async function ownEncoder(tf: Tensorflow, usual: Encoder, folder: string): Promise<Encoder> {
  try {
    return await Encoder.open(tf, folder, usual.folders.cache);
  } catch (error) {
    throw new ModelFolderError(`the model's own encoder can't be read: ${(error as Error).message}`);
  }
}

/** The first `width` numbers of each row, one row after another. */
function together(rows: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, index) => all.set(row.subarray(0, width), index * width));
  return all;
}
