/** Ranks with a trained model version. */
import { softmax } from '../ranking/softmax.js';
import { join } from 'node:path';
import { DenseScorer, stackRows } from '../heads/dense-scorer.js';
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
  /** Classes of the candidate and of the templates that were merged into it; none where no label has taught it. */
  labels: number[];
  contactType: string | null;
}

export class TrainedRanker implements Ranker {
  readonly version: string;
  private readonly features: TicketFeatures;
  private readonly vectors: TemplateVectors;
  private readonly heads: DenseScorer;
  /** On the encoder that the model's own was made of */
  private readonly baseHeads: DenseScorer | null;
  private readonly isKnown: (word: string) => boolean;
  private own: Encoder | null = null;
  private candidates: readonly Candidate[] = [];
  private slots: CandidateSlot[] = [];
  /** Embeddings of the candidates' texts, [candidates, size] */
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
    const [dense = 1, , nearest = 1, discriminant = 1, , ...ofUsual] = description.combination.weights;
    const width = this.features.denseWidth;
    this.heads = new DenseScorer(tf, parts, width, [dense, nearest, discriminant]);
    this.baseHeads = parts.base && new DenseScorer(tf, parts.base, width, ofUsual);
  }

  /**
   * @param usual encoder of the models that have none of their own
   * @param candidates the templates to rank; null: those that it was trained with
   * @throws ModelFolderError where the folder holds no model, or one that was trained on another encoder
   */
  static async open(
    tf: Tensorflow,
    usual: Encoder,
    folder: string,
    candidates: Candidate[] | null = null,
  ): Promise<TrainedRanker> {
    const parts = await loadModel(folder);
    const { recipe, encoder: wanted } = parts.description;
    const own = recipe === 'finetune' ? await openOwnEncoder(tf, usual, join(folder, encoderFolder)) : null;
    const { hash } = own ?? usual;
    if (wanted.hash !== hash) {
      own?.dispose();
      throw new ModelFolderError(
        `${folder} was trained on an encoder with the hash ${wanted.hash.slice(0, 16)}, ${own ? 'the one in it' : 'this one'} has ${hash.slice(0, 16)}: ${own ? 'take a copy that is whole' : 'set ENCODER_DIR to the one it was trained on'}`,
      );
    }
    if (parts.base && wanted.usual !== usual.hash) {
      own?.dispose();
      throw new ModelFolderError(
        `${folder} asks beside its own encoder one with the hash ${(wanted.usual ?? '').slice(0, 16)}, this one has ${usual.hash.slice(0, 16)}: set ENCODER_DIR to the one it was trained on`,
      );
    }
    const ranker = new TrainedRanker(tf, own ?? usual, usual, parts);
    ranker.own = own;
    await ranker.setCandidates(candidates);
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
        const embedding = this.encoder.embeddingOf(encoded[index] ?? new Float32Array());
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

  /** What the heads say together, per ticket [classes]; weights in the order of `evidenceOf`. */
  private combineHeads(inputs: RankInput[], rows: Float32Array[], usualRows: Float32Array[] | null): Float64Array[] {
    const [, sparseWeight = 1] = this.parts.description.combination.weights;
    const { classes } = this.parts.dense;
    const own = this.heads.scores(rows, this.encoder.size);
    const beside = usualRows && this.baseHeads?.scores(usualRows, this.base.size);
    return inputs.map((input, index) => {
      const sparse = scoreRow(this.parts.sparse, this.features.sparse(input));
      return Float64Array.from(sparse, (score, label) => {
        const place = index * classes + label;
        return (own[place] as number) + sparseWeight * score + (beside?.[place] ?? 0);
      });
    });
  }

  private rankTicket(learned: Float64Array, embedding: Float32Array | null, row: Float32Array, facts: TextFacts): Ranking {
    const { combination, abstention } = this.parts.description;
    const textWeight = combination.weights[4] ?? 0;
    const likenesses = embedding && cosines(embedding, this.templateEmbeddings);
    const logits = Float64Array.from(this.slots, ({ labels }, place) => {
      const likeness = likenesses?.[place] ?? 0;
      if (labels.length === 0) return combination.zeroShot.scale * likeness + combination.zeroShot.offset;
      return logSumExp(labels, learned) + textWeight * likeness;
    });
    // Of the candidates, and of what may not be suggested: a ticket about a blocked template is not out of scope.
    const maxLogit = [logits, learned].reduce(
      (most, some) => some.reduce((a, b) => Math.max(a, b), most),
      -Infinity,
    );
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

  /** Follows from the template where each answers one contact type; else a head of its own tells it. */
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
        logits[type] = (logits[type] as number) + value * (contactTypeHead.weights[base + type] as number);
      }
    });
    return predictContactType(description.contactTypes, softmax(logits));
  }
}

/** @throws ModelFolderError */
async function openOwnEncoder(tf: Tensorflow, usual: Encoder, folder: string): Promise<Encoder> {
  try {
    return await Encoder.open(tf, folder, usual.folders.cache);
  } catch (error) {
    throw new ModelFolderError(`the model's own encoder can't be read: ${(error as Error).message}`);
  }
}

/** The logit of one class that several were merged into: their probabilities are added up. */
function logSumExp(labels: readonly number[], learned: Float64Array): number {
  if (labels.length === 1) return learned[labels[0] ?? 0] ?? 0;
  const logits = labels.map((label) => learned[label] ?? 0);
  const highest = Math.max(...logits);
  return highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
}
