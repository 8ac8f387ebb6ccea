/**
 * Out-of-fold predictions with the tickets' texts, one JSON line each. The file stays in the model's folder until the drift
 * reference is made from it; the reference has no texts.
 */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AbstentionRule } from '../ranking/abstention.js';
import { combineScores, type Combination, type LabelledScores } from '../heads/combination.js';
import { softmax } from '../ranking/softmax.js';
import type { Columns, DataRow } from '../dataset/data-row.js';
import { isFeature } from '../features/field-features.js';
import { rowEmbedding } from '../heads/head-scores.js';
import { seeded, shuffle } from '../../statistics/random.js';
import { RowSample } from '../dataset/row-sample.js';
import type { AbstentionReason, Candidate, FieldValue, RankedTemplate } from '../ranker.js';
import { topCandidates, shannonEntropy, predictContactType, abstentionReason } from '../ranking/ranking.js';
import { isKnownWithoutText, textFacts } from '../features/text-facts.js';
import { type TextFacts } from '../ranker.js';
import { cosine } from '../features/ticket-features.js';
import { ticketText } from '../features/ticket-text.js';
import type { TrainingData } from '../dataset/training-data.js';

export const heldOutFile = 'held-out.jsonl';
/** The drift reference, which a model needs before it can serve */
export const referenceFile = 'reference.json';
const maxTickets = 20_000;
const maxRanked = 10;

/** Same shape as the monitor's observation of a ticket in service. */
export interface HeldOutTicket extends TextFacts {
  key: string;
  occurredAt: Date | null;
  embedding: Float32Array | null;
  ranking: RankedTemplate[];
  entropy: number | null;
  abstained: boolean;
  reason: AbstentionReason | null;
  /** Predicted */
  contactType: string | null;
  channel: string | null;
  language: string | null;
  fields: Record<string, FieldValue>;
  /** The label; null where no template fits */
  templateId: string | null;
  /** Subject and body */
  text: string;
}

export interface HeldOutScoring {
  file: string;
  columns: Columns;
  seed: number;
  data: TrainingData;
  /** Rows of the data, one for each row of the scores */
  rows: Int32Array;
  scores: LabelledScores;
  combination: Combination;
  rule: AbstentionRule;
  /** Those of the classes first, in their order */
  candidates: readonly Candidate[];
  /** Embeddings of the templates without labels, [candidates − classes] */
  zeroShotEmbeddings: readonly Float32Array[];
  contactTypeOfClass: readonly (string | null)[] | null;
  /** Contact type of each row of the data, predicted out of fold; null where it follows from the template */
  heldOutTypes: readonly (string | null)[] | null;
}

/** Writes a random sample of at most 20,000 tickets, in the order of the data. */
export async function writeHeldOutTickets(folder: string, scoring: HeldOutScoring): Promise<void> {
  await pipeline(Readable.from(heldOutLines(scoring)), createWriteStream(join(folder, heldOutFile), { mode: 0o600 }));
}

async function* heldOutLines(scoring: HeldOutScoring): AsyncGenerator<string> {
  const places = Int32Array.from(scoring.rows.keys());
  shuffle(places, places.length, seeded(scoring.seed));
  const placeOfRow = new Map([...places.subarray(0, maxTickets)].map((place) => [scoring.rows[place] ?? -1, place]));
  let index = 0;
  for await (const row of (await RowSample.open(scoring)).rows()) {
    const place = placeOfRow.get(index);
    if (place !== undefined) yield `${JSON.stringify(toLine(describeTicket(scoring, row, index, place)))}\n`;
    index += 1;
  }
}

/** @param index of the row in the data @param place of its scores in the scores */
function describeTicket(scoring: HeldOutScoring, row: DataRow, index: number, place: number): HeldOutTicket {
  const { data, scores, combination, rule, candidates, zeroShotEmbeddings, contactTypeOfClass } = scoring;
  const learned = combineScores(combination.weights, scores.scores, place, scores.classes);
  const vector = rowEmbedding(data, index);
  const embedding = vector.some((value) => value !== 0) ? vector : null;
  const { scale, offset } = combination.zeroShot;
  const logits = Float64Array.from(candidates, (_, at) => {
    if (at < scores.classes) return learned[at]!;
    const template = zeroShotEmbeddings[at - scores.classes];
    return scale * (embedding && template ? cosine(embedding, template) : 0) + offset;
  });
  const familiarity = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const probabilities = softmax(logits);
  const ranking = topCandidates(candidates, probabilities, maxRanked);
  const reason = abstentionReason(embedding !== null, familiarity, ranking[0]?.probability ?? 0, rule);
  const types = candidates.map(
    ({ contactTypes }, at) =>
      contactTypeOfClass?.[at] ?? (contactTypes.length === 1 ? (contactTypes[0] ?? null) : null),
  );
  const contactType = scoring.heldOutTypes
    ? scoring.heldOutTypes[index]
    : predictContactType(types, probabilities)?.value;
  return {
    key: row.id ?? `line:${row.line}`,
    occurredAt: row.occurredAt,
    embedding,
    ranking,
    entropy: shannonEntropy(probabilities),
    abstained: reason !== null,
    reason,
    contactType: reason === 'empty-text' ? null : (contactType ?? null),
    channel: row.channel,
    language: row.language,
    fields: Object.fromEntries(Object.entries(row.fields).filter(([name]) => isFeature(name))),
    templateId: row.label,
    text: ticketText(row),
    ...textFacts(row, isKnownWithoutText(data.features.vocabulary, data.labels.length)),
  };
}

const toLine = ({ embedding, ...ticket }: HeldOutTicket): object => ({
  ...ticket,
  embedding: embedding && Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength).toString('base64'),
});

export async function* readHeldOutTickets(folder: string): AsyncGenerator<HeldOutTicket> {
  const file = await open(join(folder, heldOutFile));
  try {
    for await (const line of file.readLines()) {
      const ticket = JSON.parse(line) as Omit<HeldOutTicket, 'embedding' | 'occurredAt'> & {
        embedding: string | null;
        occurredAt: string | null;
      };
      const bytes = ticket.embedding === null ? null : Buffer.from(ticket.embedding, 'base64');
      yield {
        ...ticket,
        occurredAt: ticket.occurredAt === null ? null : new Date(ticket.occurredAt),
        embedding: bytes && new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
      };
    }
  } finally {
    await file.close();
  }
}
