/** Ticket embeddings, stored as int8 with a scale. Similar tickets and the drift monitor read them. */
import type { EntityManager } from 'typeorm';
import type { RankInput } from '../../models/ranker.js';

/** Similar tickets are searched among the newest answered ones: older answers say less about today's. */
export const maxAnsweredTickets = 20_000;
/** Newest tickets of each template that are embedded too, so that rare templates have examples. */
const maxTicketsPerTemplate = 50;

export interface TicketEmbedding {
  ticket: number;
  embedding: Float32Array;
}

/** Upserts embeddings, replacing those of another encoder. Tickets that have been deleted meanwhile are skipped. */
export async function storeEmbeddings(
  manager: EntityManager,
  embedded: readonly TicketEmbedding[],
  encoderHash: string,
): Promise<void> {
  if (embedded.length === 0) return;
  const rows = embedded.map(({ ticket, embedding }) => ({ ticket, ...quantize(embedding) }));
  await manager.query(
    `INSERT INTO ticket_embeddings (ticket, encoder_hash, embedding, scale)
     SELECT t.id, $2, e.embedding, e.scale
       FROM unnest($1::bigint[], $3::bytea[], $4::real[]) AS e (ticket, embedding, scale) JOIN tickets t ON t.id = e.ticket
     ON CONFLICT (ticket) DO UPDATE SET encoder_hash = EXCLUDED.encoder_hash, embedding = EXCLUDED.embedding,
       scale = EXCLUDED.scale`,
    [rows.map(({ ticket }) => ticket), encoderHash, rows.map(({ bytes }) => bytes), rows.map(({ scale }) => scale)],
  );
}

/** Symmetric int8 quantization: value ≈ byte × scale, with an error of at most scale / 2. */
export function quantize(embedding: Float32Array): { bytes: Buffer; scale: number } {
  let largest = 0;
  for (const value of embedding) largest = Math.max(largest, Math.abs(value));
  const scale = largest / 127 || 1;
  return { bytes: Buffer.from(Int8Array.from(embedding, (value) => Math.round(value / scale)).buffer), scale };
}

/**
 * Answered tickets without an embedding of this encoder: imported ones, and those that another encoder embedded.
 *
 * @param exclude tickets that cannot be embedded: a text without words has no embedding
 * @returns at most `limit` tickets, newest first
 */
export async function findTicketsWithoutEmbedding(
  manager: EntityManager,
  { encoderHash, exclude, limit }: { encoderHash: string; exclude: number[]; limit: number },
): Promise<number[]> {
  const rows: { ticket: number }[] = await manager.query(
    `WITH newest AS (
       SELECT ticket FROM labels WHERE template_id IS NOT NULL ORDER BY labelled_at DESC, ticket DESC LIMIT ${maxAnsweredTickets}),
     per_template AS (
       SELECT l.ticket FROM templates p CROSS JOIN LATERAL (
         SELECT ticket FROM labels WHERE template_id = p.id ORDER BY labelled_at DESC, ticket DESC LIMIT ${maxTicketsPerTemplate}) l)
     SELECT a.ticket FROM (SELECT ticket FROM newest UNION SELECT ticket FROM per_template) a
       LEFT JOIN ticket_embeddings e ON e.ticket = a.ticket AND e.encoder_hash = $1
      WHERE e.ticket IS NULL AND a.ticket <> ALL ($2::bigint[]) ORDER BY a.ticket DESC LIMIT $3`,
    [encoderHash, exclude, limit],
  );
  return rows.map(({ ticket }) => ticket);
}

/** The model's input for these tickets; deleted ones are missing. */
export function loadRankInputs(manager: EntityManager, tickets: number[]): Promise<(RankInput & { ticket: number })[]> {
  return manager.query(
    `SELECT id AS ticket, subject, body, channel, language, contact_type AS "contactType", fields
       FROM tickets WHERE id = ANY ($1::bigint[]) ORDER BY id DESC`,
    [tickets],
  );
}
