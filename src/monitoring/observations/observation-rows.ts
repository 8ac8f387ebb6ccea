/** Stored rows as the monitor's observations. */
import type { EntityManager } from 'typeorm';
import { isFeature } from '../../models/features/field-features.js';
import type { AbstentionReason, FieldValue, RankedTemplate } from '../../models/ranker.js';
import type { Stream } from '../../records/tickets/observed-ticket.entity.js';
import { shownFirstSql, suggestionOfChoiceSql } from '../../suggest/choices/shown-first.js';
import type { RecentLabel } from './observation.js';
import type { Observation, Outcome, ExposedOutcome } from './observation.js';

/** One model version's tickets of one stream: each has its own reference, detectors and windows. */
export interface StreamKey {
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

/** With its text, for words and examples, which is only used in the diagnosis of an alert. */
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
const joins = `JOIN tickets t ON t.id = o.ticket JOIN suggestions s ON s.ticket = o.ticket AND s.revision = 1
  LEFT JOIN ticket_embeddings e ON e.ticket = o.ticket`;

/** The tickets of a window that are not counted yet, in canonical order: by time, then key. At most `limit`. */
export async function loadUncounted(
  manager: EntityManager,
  { modelVersion, stream, from, to, limit }: StreamKey & { from: Date; to: Date; limit: number },
): Promise<StoredObservation[]> {
  const rows: Row[] = await manager.query(
    `SELECT ${columns} FROM (
       SELECT * FROM observed_tickets
        WHERE window_id IS NULL AND model_version = $1 AND stream = $2 AND occurred_at >= $3 AND occurred_at < $4
        ORDER BY occurred_at, ticket LIMIT $5) o ${joins}`,
    [modelVersion, stream, from, to, limit],
  );
  return sortCanonically(rows.map(toStoredObservation));
}

/** Outcomes that are not counted yet, of tickets that are. In order of their time. */
export async function loadNewOutcomes(
  manager: EntityManager,
  { modelVersion, stream, limit }: StreamKey & { limit: number },
): Promise<StoredOutcome[]> {
  const rows: (Row & Omit<Outcome, 'key'>)[] = await manager.query(
    `SELECT ${columns}, l.labelled_at AS "labelledAt", l.template_id AS "templateId", l.provenance, l.position,
            l.shown_probability AS "shownProbability"
       FROM observed_tickets o ${joins} JOIN labels l ON l.ticket = o.ticket
      WHERE o.outcome = 'due' AND o.window_id IS NOT NULL AND o.model_version = $1 AND o.stream = $2
      ORDER BY l.labelled_at, o.ticket LIMIT $3`,
    [modelVersion, stream, limit],
  );
  return rows.map((row) => {
    const { labelledAt, templateId, provenance, position, shownProbability } = row;
    const loaded = toStoredObservation(row);
    const { key } = loaded.observation;
    return { ...loaded, outcome: { key, labelledAt, templateId, provenance, position, shownProbability } };
  });
}

/** The newest tickets that were counted, at most `limit`, in canonical order, with their texts. */
export async function loadNewestCounted(
  manager: EntityManager,
  { modelVersion, stream, limit }: StreamKey & { limit: number },
): Promise<ReadableObservation[]> {
  const rows: (Row & { text: string })[] = await manager.query(
    `SELECT ${columns}, t.subject || E'\\n' || t.body AS text FROM (
       SELECT * FROM observed_tickets
        WHERE window_id IS NOT NULL AND model_version = $1 AND stream = $2 ORDER BY occurred_at DESC LIMIT $3) o ${joins}`,
    [modelVersion, stream, limit],
  );
  return sortCanonically(rows.map((row) => ({ ...toStoredObservation(row), text: row.text })));
}

/** Outcomes of these tickets, in the order in which they became known. */
export async function loadOutcomes(manager: EntityManager, tickets: readonly number[]): Promise<ExposedOutcome[]> {
  return manager.query(
    `SELECT t.source || ':' || t.ticket_id AS key, l.labelled_at AS "labelledAt", l.template_id AS "templateId", l.provenance,
            l.position, l.shown_probability AS "shownProbability", ${shownFirstSql} AS "shownFirst"
       FROM labels l JOIN tickets t ON t.id = l.ticket LEFT JOIN choices c ON c.id = l.choice ${suggestionOfChoiceSql}
      WHERE l.ticket = ANY ($1::bigint[]) ORDER BY l.labelled_at, l.ticket`,
    [tickets],
  );
}

/** Labels of the newest labelled tickets. */
export function loadNewestLabels(manager: EntityManager, limit: number): Promise<RecentLabel[]> {
  return manager.query(
    `SELECT l.template_id AS "templateId", ${shownFirstSql} AS "shownFirst"
       FROM (SELECT * FROM labels WHERE provenance <> 'history' ORDER BY ticket DESC LIMIT $1) l
       JOIN tickets t ON t.id = l.ticket LEFT JOIN choices c ON c.id = l.choice ${suggestionOfChoiceSql}
      WHERE NOT t.sample ORDER BY l.ticket DESC`,
    [limit],
  );
}

export interface TicketPreview {
  source: string;
  ticketId: string;
  subject: string;
  preview: string;
}

/** The newest tickets that nobody has labelled, at most `limit`, newest first. */
export async function loadNewestUnlabelled(
  manager: EntityManager,
  { modelVersion, stream, limit }: StreamKey & { limit: number },
): Promise<(ReadableObservation & { shown: TicketPreview })[]> {
  const rows: (Row & TicketPreview & { text: string })[] = await manager.query(
    `SELECT ${columns}, t.subject, left(t.body, 200) AS preview, t.subject || E'\\n' || t.body AS text FROM (
       SELECT * FROM observed_tickets r
        WHERE model_version = $1 AND stream = $2 AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.ticket = r.ticket)
        ORDER BY occurred_at DESC LIMIT $3) o ${joins} ORDER BY o.occurred_at DESC, o.ticket DESC`,
    [modelVersion, stream, limit],
  );
  return rows.map((row) => {
    const { source, ticketId, subject, preview, text } = row;
    return { ...toStoredObservation(row), text, shown: { source, ticketId, subject, preview } };
  });
}

function sortCanonically<S extends StoredObservation>(rows: S[]): S[] {
  return rows.sort(({ observation: a }, { observation: b }) => {
    return a.occurredAt.getTime() - b.occurredAt.getTime() || (a.key < b.key ? -1 : 1);
  });
}

function toStoredObservation({ ticket, source, ticketId, embedding, scale, fields, ...row }: Row): StoredObservation {
  const { occurredAt, ranking, entropy, abstained, reason, contactType, channel, language, words } = row;
  const { unknownShare, fingerprint } = row;
  return {
    ticket,
    observation: {
      key: `${source}:${ticketId}`,
      occurredAt,
      embedding: embedding && dequantise(embedding, scale ?? 1),
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
function dequantise(bytes: Buffer, scale: number): Float32Array {
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
