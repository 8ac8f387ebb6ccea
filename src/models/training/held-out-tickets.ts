/**
 * What a model says of tickets that it has not learned from, one line a ticket with its text, left in its folder until the
 * drift reference has been made of it. The reference keeps no text.
 */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AbstentionRule } from '../ranking/abstention.js';
import { combined, type Combination, type Evidence } from '../heads/combination.js';
import { softmax } from '../ranking/softmax.js';
import type { Columns, DataRow } from '../dataset/data-row.js';
import { isFeature } from '../features/field-features.js';
import { embeddingOf } from '../heads/head-scores.js';
import { seeded, shuffle } from '../../statistics/random.js';
import { RowSample } from '../dataset/row-sample.js';
import type { AbstentionReason, Candidate, FieldValue, RankedTemplate } from '../ranker.js';
import { bestOf, entropyOf, likeliestType, reasonOf } from '../ranking/ranking.js';
import { knownFromOthers, textFacts } from '../features/text-facts.js';
import { type TextFacts } from '../ranker.js';
import { cosine } from '../features/ticket-features.js';
import { ticketText } from '../features/ticket-text.js';
import type { TrainingData } from '../dataset/training-data.js';

export const heldOutFile = 'held-out.jsonl';
/** What is made of it, and what a model can't be put into service without */
export const referenceFile = 'reference.json';
const mostTickets = 20_000;
const mostRanked = 10;

/** Shaped like the monitor's observation of a ticket in service. */
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
  /** The template that counts as right; null where none fits */
  templateId: string | null;
  /** Subject and body */
  text: string;
}

export interface HeldOutScoring {
  file: string;
  columns: Columns;
  seed: number;
  data: TrainingData;
  /** Rows of the data, one for each row of the evidence */
  rows: Int32Array;
  evidence: Evidence;
  combination: Combination;
  rule: AbstentionRule;
  /** Those of the classes first, in their order */
  candidates: readonly Candidate[];
  /** What those say, that no label has taught, [candidates − classes] */
  untaught: readonly Float32Array[];
  contactTypeOfClass: readonly (string | null)[] | null;
  /** Of each row of the data, by a head that had not seen it; null where the type follows from the template */
  heldOutTypes: readonly (string | null)[] | null;
}

/** Writes at most 20,000 tickets, drawn at random, in the order of the data. */
export async function writeHeldOutTickets(folder: string, scoring: HeldOutScoring): Promise<void> {
  await pipeline(Readable.from(lines(scoring)), createWriteStream(join(folder, heldOutFile), { mode: 0o600 }));
}

async function* lines(scoring: HeldOutScoring): AsyncGenerator<string> {
  const places = Int32Array.from(scoring.rows.keys());
  shuffle(places, places.length, seeded(scoring.seed));
  const placeOfRow = new Map([...places.subarray(0, mostTickets)].map((place) => [scoring.rows[place] ?? -1, place]));
  let index = 0;
  for await (const row of (await RowSample.of(scoring)).rows()) {
    const place = placeOfRow.get(index);
    if (place !== undefined) yield `${JSON.stringify(asLine(ticketOf(scoring, row, index, place)))}\n`;
    index += 1;
  }
}

/** @param index of the row in the data @param place of its scores in the evidence */
function ticketOf(scoring: HeldOutScoring, row: DataRow, index: number, place: number): HeldOutTicket {
  const { data, evidence, combination, rule, candidates, untaught, contactTypeOfClass } = scoring;
  const learned = combined(combination.weights, evidence.scores, place, evidence.classes);
  const vector = embeddingOf(data, index);
  const embedding = vector.some((value) => value !== 0) ? vector : null;
  const { scale, offset } = combination.unseen;
  const logits = Float64Array.from(candidates, (_, at) => {
    if (at < evidence.classes) return learned[at] as number;
    const template = untaught[at - evidence.classes];
    return scale * (embedding && template ? cosine(embedding, template) : 0) + offset;
  });
  const familiarity = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const probabilities = softmax(logits);
  const ranking = bestOf(candidates, probabilities, mostRanked);
  const reason = reasonOf(embedding !== null, familiarity, ranking[0]?.probability ?? 0, rule);
  const types = candidates.map(
    ({ contactTypes }, at) =>
      contactTypeOfClass?.[at] ?? (contactTypes.length === 1 ? (contactTypes[0] ?? null) : null),
  );
  const contactType = scoring.heldOutTypes ? scoring.heldOutTypes[index] : likeliestType(types, probabilities)?.value;
  return {
    key: row.id ?? `line:${row.line}`,
    occurredAt: row.occurredAt,
    embedding,
    ranking,
    entropy: entropyOf(probabilities),
    abstained: reason !== null,
    reason,
    contactType: reason === 'empty-text' ? null : (contactType ?? null),
    channel: row.channel,
    language: row.language,
    fields: Object.fromEntries(Object.entries(row.fields).filter(([name]) => isFeature(name))),
    templateId: row.label,
    text: ticketText(row),
    ...textFacts(row, knownFromOthers(data.features.vocabulary, data.labels.length)),
  };
}

const asLine = ({ embedding, ...ticket }: HeldOutTicket): object => ({
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
