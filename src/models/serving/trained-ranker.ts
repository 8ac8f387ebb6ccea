/** Ranks with a trained model version. */
import { softmax } from '../ranking/softmax.js';
import { join } from 'node:path';
import { DenseScorer, stackRows } from '../heads/dense-scorer.js';
import { templateKind } from '../heads/head-scores.js';
import { Encoder } from '../encoder/encoder.js';
import { scoreRow } from '../heads/linear-svm.js';
import { encoderFolder, loadModel, ModelFolderError, type ModelParts } from '../versions/model-folder.js';
import type { Candidate, Ranker, RankInput, Ranking } from '../ranker.js';
import { predictContactType, buildRanking } from '../ranking/ranking.js';
import { TemplateVectors } from '../encoder/template-vectors.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { cosines, TicketFeatures } from '../features/ticket-features.js';
import { isKnownWord, textFacts } from '../features/text-facts.js';
import { type TextFacts } from '../ranker.js';
import { ticketText } from '../features/ticket-text.js';

interface CandidateSlot {
  /** Classes of the candidate and of the templates merged into it; empty for a template without labels */
  labels: number[];
  contactType: string | null;
}

export class TrainedRanker implements Ranker {
  readonly version: string;
  private readonly features: TicketFeatures;
  private readonly vectors: TemplateVectors;
  private readonly heads: DenseScorer;
  /** Heads on the base encoder; null where the model has no encoder of its own */
  private readonly baseHeads: DenseScorer | null;
  private readonly isKnown: (word: string) => boolean;
  private own: Encoder | null = null;
  private candidates: readonly Candidate[] = [];
  private slots: CandidateSlot[] = [];
  /** [candidates, size] */
  private templateEmbeddings: Float32Array = new Float32Array();

  private constructor(
    tf: Tensorflow,
    private readonly encoder: Encoder,
    private readonly base: Encoder,
    private readonly parts: ModelParts,
  ) {
    const { description, vocabulary } = parts;
    this.version = description.version;
    this.features = new TicketFeatures(description.views, vocabulary, description.fields);
    this.vectors = TemplateVectors.forEncoder(encoder);
    this.isKnown = isKnownWord(vocabulary);
    const [dense = 1, , nearest = 1, discriminant = 1, , ...baseWeights] = description.combination.weights;
    const width = this.features.denseWidth;
    this.heads = new DenseScorer(tf, parts, width, [dense, nearest, discriminant]);
    this.baseHeads = parts.base && new DenseScorer(tf, parts.base, width, baseWeights);
  }

  /**
   * @param base pretrained encoder, for models without an encoder of their own
   * @param candidates the templates to rank; null: those of the training
   * @throws ModelFolderError where the folder has no model, or one that was trained on another encoder
   */
  static async open(
    tf: Tensorflow,
    base: Encoder,
    folder: string,
    candidates: Candidate[] | null = null,
  ): Promise<TrainedRanker> {
    const parts = await loadModel(folder);
    const { recipe, encoder: wanted } = parts.description;
    const own = recipe === 'finetune' ? await openOwnEncoder(tf, base, join(folder, encoderFolder)) : null;
    const { hash } = own ?? base;
    if (wanted.hash !== hash) {
      own?.dispose();
      throw new ModelFolderError(
        `${folder} was trained on an encoder with the hash ${wanted.hash.slice(0, 16)}, ${own ? 'its own encoder' : 'this encoder'} has ${hash.slice(0, 16)}. ${own ? 'The folder is damaged; use an intact copy' : 'Set ENCODER_DIR to the encoder of the training'}`,
      );
    }
    if (parts.base && wanted.base !== base.hash) {
      own?.dispose();
      throw new ModelFolderError(
        `${folder} needs a base encoder with the hash ${(wanted.base ?? '').slice(0, 16)}, this encoder has ${base.hash.slice(0, 16)}. Set ENCODER_DIR to the encoder of the training`,
      );
    }
    const ranker = new TrainedRanker(tf, own ?? base, base, parts);
    ranker.own = own;
    await ranker.setCandidates(candidates);
    return ranker;
  }

  /** SHA-256 of the weights of the encoder that computes the embeddings */
  get encoderHash(): string {
    return this.encoder.hash;
  }

  setCandidates(candidates: Candidate[] | null): Promise<void> {
    const { classes, contactTypeOfClass } = this.parts.description;
    const labelOf = new Map(classes.map((id, index) => [id, index]));
    const chosen = candidates ?? this.parts.templates;
    this.templateEmbeddings = stackRows(this.vectors.embed(chosen), this.encoder.size);
    this.candidates = chosen;
    this.slots = chosen.map(({ templateId, contactTypes, merged = [] }) => {
      const labels = [templateId, ...merged].flatMap((id) => labelOf.get(id) ?? []);
      const own = contactTypes.length === 1 ? (contactTypes[0] ?? null) : null;
      const contactType = contactTypeOfClass?.[labels[0] ?? -1] ?? own;
      return { labels, contactType };
    });
    return Promise.resolve();
  }

  rank(inputs: RankInput[]): Promise<Ranking[]> {
    if (inputs.length === 0) return Promise.resolve([]);
    const { knownContactType } = this.parts.description;
    const known = inputs.map((input) => (knownContactType ? input : { ...input, contactType: null }));
    const encoded = this.encoder.encode(known.map(ticketText));
    const rows = known.map((input, index) => this.features.dense(input, encoded[index] ?? new Float32Array()));
    const learned = this.combineHeads(known, rows, this.baseHeads && this.encodeRows(this.base, known));
    return Promise.resolve(
      rows.map((row, index) => {
        const embedding = this.encoder.pickEmbedding(encoded[index] ?? new Float32Array());
        const facts = textFacts(known[index] as RankInput, this.isKnown);
        return this.rankTicket(learned[index] ?? new Float64Array(), embedding, row, facts);
      }),
    );
  }

  dispose(): void {
    this.heads.dispose();
    this.baseHeads?.dispose();
    this.own?.dispose();
  }

  private encodeRows(encoder: Encoder, inputs: RankInput[]): Float32Array[] {
    return encoder
      .encode(inputs.map(ticketText))
      .map((encoded, index) => this.features.dense(inputs[index] as RankInput, encoded));
  }

  /** Weighted sum of the heads' scores without template similarity, [classes] per ticket; weights as in `scoresByKind` */
  private combineHeads(inputs: RankInput[], rows: Float32Array[], baseRows: Float32Array[] | null): Float64Array[] {
    const [, sparseWeight = 1] = this.parts.description.combination.weights;
    const { classes } = this.parts.dense;
    const own = this.heads.scores(rows, this.encoder.size);
    const baseScores = baseRows && this.baseHeads?.scores(baseRows, this.base.size);
    return inputs.map((input, index) => {
      const sparse = scoreRow(this.parts.sparse, this.features.sparse(input));
      return Float64Array.from(sparse, (score, label) => {
        const place = index * classes + label;
        return own[place]! + sparseWeight * score + (baseScores?.[place] ?? 0);
      });
    });
  }

  private rankTicket(
    learned: Float64Array,
    embedding: Float32Array | null,
    row: Float32Array,
    facts: TextFacts,
  ): Ranking {
    const { combination, abstention } = this.parts.description;
    const textWeight = combination.weights[templateKind] ?? 0;
    const similarities = embedding && cosines(embedding, this.templateEmbeddings);
    const logits = Float64Array.from(this.slots, ({ labels }, place) => {
      const similarity = similarities?.[place] ?? 0;
      if (labels.length === 0) return combination.zeroShot.scale * similarity + combination.zeroShot.offset;
      return logSumExp(labels, learned) + textWeight * similarity;
    });
    // Over candidates and all classes: a ticket about a blocked template is not out of scope.
    const maxLogit = [logits, learned].reduce((most, some) => some.reduce((a, b) => Math.max(a, b), most), -Infinity);
    return buildRanking({
      candidates: this.candidates,
      logits,
      embedding,
      facts,
      maxLogit,
      rule: abstention,
      contactType: (probabilities) => this.predictType(probabilities, row),
    });
  }

  /** Follows from the template where each has one contact type; else a head predicts it. */
  private predictType(probabilities: Float64Array, row: Float32Array): Ranking['contactType'] {
    const { contactTypeHead, description } = this.parts;
    if (!contactTypeHead)
      return predictContactType(
        this.slots.map(({ contactType }) => contactType),
        probabilities,
      );
    const logits = Float64Array.from(contactTypeHead.bias);
    row.forEach((value, feature) => {
      if (value === 0) return;
      const base = feature * contactTypeHead.classes;
      for (let type = 0; type < logits.length; type += 1) {
        logits[type] = logits[type]! + value * contactTypeHead.weights[base + type]!;
      }
    });
    return predictContactType(description.contactTypes, softmax(logits));
  }
}

/** @throws ModelFolderError */
async function openOwnEncoder(tf: Tensorflow, base: Encoder, folder: string): Promise<Encoder> {
  try {
    return await Encoder.open(tf, folder, base.folders.cache);
  } catch (error) {
    throw new ModelFolderError(`can't read the model's own encoder: ${(error as Error).message}`);
  }
}

/** Logit of merged classes: the logarithm of the sum of their unnormalised probabilities. */
function logSumExp(labels: readonly number[], learned: Float64Array): number {
  if (labels.length === 1) return learned[labels[0] ?? 0] ?? 0;
  const logits = labels.map((label) => learned[label] ?? 0);
  const highest = Math.max(...logits);
  return highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
}
