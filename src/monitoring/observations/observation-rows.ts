/** Stored rows as the monitor's observations. */
import type { EntityManager } from 'typeorm';
import { isFeature } from '../../models/features/field-features.js';
import type { AbstentionReason, FieldValue, RankedTemplate } from '../../models/ranker.js';
import type { Stream } from '../../records/observed-ticket.entity.js';
import { shownFirstSql, suggestionOfChoiceSql } from '../../suggest/choices/shown-first.js';
import type { MixLabel } from './observation.js';
import type { Observation, Outcome, SeenOutcome } from './observation.js';

/** One model version's tickets of one stream: what has a reference, a watch and buckets of its own. */
export interface Watched {
  modelVersion: string;
  stream: Stream;
}

export interface StoredObservation {
  ticket: number;
  observation: Observation;
}

export interface StoredOutcome extends StoredObservation {
  outcome: Outcome;
}

/** The text beside it, for words and examples. Goes no further than the evidence of an alert. */
export interface ReadableObservation extends StoredObservation {
  text: string;
}

interface Row {
  ticket: number;
  source: string;
  ticketId: string;
  occurredAt: Date;
  ranking: RankedTemplate[];
  entropy: number | null;
  abstained: boolean;
  reason: AbstentionReason | null;
  contactType: string | null;
  channel: string | null;
  language: string | null;
  fields: Record<string, FieldValue>;
  words: number;
  unknownShare: number | null;
  fingerprint: string;
  embedding: Buffer | null;
  scale: number | null;
}

const columns = `o.ticket, t.source, t.ticket_id AS "ticketId", o.occurred_at AS "occurredAt",
  coalesce(o.unweighted, s.ranking) AS ranking, o.entropy, o.abstained, o.reason, s.contact_type AS "contactType", t.channel,
  t.language, t.fields, o.words, o.unknown_share AS "unknownShare", o.fingerprint, e.embedding, e.scale`;
const joined = `JOIN tickets t ON t.id = o.ticket JOIN suggestions s ON s.ticket = o.ticket AND s.revision = 1
  LEFT JOIN ticket_embeddings e ON e.ticket = o.ticket`;

/** The tickets of a time that no bucket has counted yet, in canonical order: by time, then key. At most `limit`. */
export async function uncounted(
  manager: EntityManager,
  { modelVersion, stream, from, to, limit }: Watched & { from: Date; to: Date; limit: number },
): Promise<StoredObservation[]> {
  const rows: Row[] = await manager.query(
    `SELECT ${columns} FROM (
       SELECT * FROM observed_tickets
        WHERE bucket IS NULL AND model_version = $1 AND stream = $2 AND occurred_at >= $3 AND occurred_at < $4
        ORDER BY occurred_at, ticket LIMIT $5) o ${joined}`,
    [modelVersion, stream, from, to, limit],
  );
  return canonical(rows.map(stored));
}

/** Outcomes that have come since they were asked for last, of tickets that have been counted. In order of their time. */
export async function newOutcomes(
  manager: EntityManager,
  { modelVersion, stream, limit }: Watched & { limit: number },
): Promise<StoredOutcome[]> {
  const rows: (Row & Omit<Outcome, 'key'>)[] = await manager.query(
    `SELECT ${columns}, l.labelled_at AS "labelledAt", l.template_id AS "templateId", l.provenance, l.position,
            l.shown_probability AS "shownProbability"
       FROM observed_tickets o ${joined} JOIN labels l ON l.ticket = o.ticket
      WHERE o.outcome = 'due' AND o.bucket IS NOT NULL AND o.model_version = $1 AND o.stream = $2
      ORDER BY l.labelled_at, o.ticket LIMIT $3`,
    [modelVersion, stream, limit],
  );
  return rows.map((row) => {
    const { labelledAt, templateId, provenance, position, shownProbability } = row;
    const one = stored(row);
    const { key } = one.observation;
    return { ...one, outcome: { key, labelledAt, templateId, provenance, position, shownProbability } };
  });
}

/** The newest tickets that were counted, at most `limit`, in canonical order, with their texts. */
export async function newestCounted(
  manager: EntityManager,
  { modelVersion, stream, limit }: Watched & { limit: number },
): Promise<ReadableObservation[]> {
  const rows: (Row & { text: string })[] = await manager.query(
    `SELECT ${columns}, t.subject || E'\\n' || t.body AS text FROM (
       SELECT * FROM observed_tickets
        WHERE bucket IS NOT NULL AND model_version = $1 AND stream = $2 ORDER BY occurred_at DESC LIMIT $3) o ${joined}`,
    [modelVersion, stream, limit],
  );
  return canonical(rows.map((row) => ({ ...stored(row), text: row.text })));
}

/** What became of these tickets, in the order in which it was known. */
export async function outcomesOf(manager: EntityManager, tickets: readonly number[]): Promise<SeenOutcome[]> {
  return manager.query(
    `SELECT t.source || ':' || t.ticket_id AS key, l.labelled_at AS "labelledAt", l.template_id AS "templateId", l.provenance,
            l.position, l.shown_probability AS "shownProbability", ${shownFirstSql} AS "shownFirst"
       FROM labels l JOIN tickets t ON t.id = l.ticket LEFT JOIN choices c ON c.id = l.choice ${suggestionOfChoiceSql}
      WHERE l.ticket = ANY ($1::bigint[]) ORDER BY l.labelled_at, l.ticket`,
    [tickets],
  );
}

/** What agents made of the newest tickets that they labelled. */
export function newestLabels(manager: EntityManager, limit: number): Promise<MixLabel[]> {
  return manager.query(
    `SELECT l.template_id AS "templateId", ${shownFirstSql} AS "shownFirst"
       FROM (SELECT * FROM labels WHERE provenance <> 'history' ORDER BY ticket DESC LIMIT $1) l
       JOIN tickets t ON t.id = l.ticket LEFT JOIN choices c ON c.id = l.choice ${suggestionOfChoiceSql}
      WHERE NOT t.sample ORDER BY l.ticket DESC`,
    [limit],
  );
}

export interface ShownTicket {
  source: string;
  ticketId: string;
  subject: string;
  preview: string;
}

/** The newest tickets that nobody has labelled, at most `limit`, newest first. */
export async function newestUnlabelled(
  manager: EntityManager,
  { modelVersion, stream, limit }: Watched & { limit: number },
): Promise<(ReadableObservation & { shown: ShownTicket })[]> {
  const rows: (Row & ShownTicket & { text: string })[] = await manager.query(
    `SELECT ${columns}, t.subject, left(t.body, 200) AS preview, t.subject || E'\\n' || t.body AS text FROM (
       SELECT * FROM observed_tickets r
        WHERE model_version = $1 AND stream = $2 AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.ticket = r.ticket)
        ORDER BY occurred_at DESC LIMIT $3) o ${joined} ORDER BY o.occurred_at DESC, o.ticket DESC`,
    [modelVersion, stream, limit],
  );
  return rows.map((row) => {
    const { source, ticketId, subject, preview, text } = row;
    return { ...stored(row), text, shown: { source, ticketId, subject, preview } };
  });
}

function canonical<S extends StoredObservation>(rows: S[]): S[] {
  return rows.sort(({ observation: a }, { observation: b }) => {
    return a.occurredAt.getTime() - b.occurredAt.getTime() || (a.key < b.key ? -1 : 1);
  });
}

function stored({ ticket, source, ticketId, embedding, scale, fields, ...row }: Row): StoredObservation {
  const { occurredAt, ranking, entropy, abstained, reason, contactType, channel, language, words } = row;
  const { unknownShare, fingerprint } = row;
  return {
    ticket,
    observation: {
      key: `${source}:${ticketId}`,
      occurredAt,
      embedding: embedding && dequantised(embedding, scale ?? 1),
      ranking,
      entropy,
      abstained,
      reason,
      contactType,
      channel,
      language,
      fields: Object.fromEntries(Object.entries(fields).filter(([name]) => isFeature(name))),
      words,
      unknownShare,
      fingerprint,
    },
  };
}

/** @returns L2-normalised: rounding has changed the length a little. Plain loops: it runs beside agents' requests. */
function dequantised(bytes: Buffer, scale: number): Float32Array {
  const values = new Float32Array(bytes.length);
  let squares = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = bytes.readInt8(at) * scale;
    values[at] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares) || 1;
  for (let at = 0; at < values.length; at += 1) values[at] = (values[at] ?? 0) / length;
  return values;
}
