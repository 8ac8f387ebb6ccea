/** What the encoder read in tickets, kept compactly beside them: similar tickets and the monitor are found by it. */
import type { EntityManager } from 'typeorm';
import type { RankInput } from '../../models/ranker.js';

/** The newest answered tickets are looked at for similar ones, not all: what is similar and old says less. */
export const maxAnsweredTickets = 20_000;
/** Of each template so many of its own, so that a rare one has examples too. */
const maxTicketsPerTemplate = 50;

export interface TicketEmbedding {
  ticket: number;
  embedding: Float32Array;
}

/** Stores embeddings over what another encoder has left; a ticket that is gone meanwhile is left out. */
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

/** One signed byte a number: value ≈ byte × scale, off by at most half a scale. */
export function quantize(embedding: Float32Array): { bytes: Buffer; scale: number } {
  let largest = 0;
  for (const value of embedding) largest = Math.max(largest, Math.abs(value));
  const scale = largest / 127 || 1;
  return { bytes: Buffer.from(Int8Array.from(embedding, (value) => Math.round(value / scale)).buffer), scale };
}

/**
 * Answered tickets that this encoder has not read: those of an import, and those that another encoder has read.
 *
 * @param without that have been tried in vain: a text without words has no embedding
 * @returns at most `limit`, the newest first
 */
export async function findTicketsWithoutEmbedding(
  manager: EntityManager,
  { encoderHash, without, limit }: { encoderHash: string; without: number[]; limit: number },
): Promise<number[]> {
  const rows: { ticket: number }[] = await manager.query(
    `WITH newest AS (
       SELECT ticket FROM labels WHERE template_id IS NOT NULL ORDER BY labelled_at DESC, ticket DESC LIMIT ${maxAnsweredTickets}),
     of_templates AS (
       SELECT l.ticket FROM templates p CROSS JOIN LATERAL (
         SELECT ticket FROM labels WHERE template_id = p.id ORDER BY labelled_at DESC, ticket DESC LIMIT ${maxTicketsPerTemplate}) l)
     SELECT a.ticket FROM (SELECT ticket FROM newest UNION SELECT ticket FROM of_templates) a
       LEFT JOIN ticket_embeddings e ON e.ticket = a.ticket AND e.encoder_hash = $1
      WHERE e.ticket IS NULL AND a.ticket <> ALL ($2::bigint[]) ORDER BY a.ticket DESC LIMIT $3`,
    [encoderHash, without, limit],
  );
  return rows.map(({ ticket }) => ticket);
}

/** What the model may look at of these tickets; fewer where some are gone. */
export function loadRankInputs(manager: EntityManager, tickets: number[]): Promise<(RankInput & { ticket: number })[]> {
  return manager.query(
    `SELECT id AS ticket, subject, body, channel, language, contact_type AS "contactType", fields
       FROM tickets WHERE id = ANY ($1::bigint[]) ORDER BY id DESC`,
    [tickets],
  );
}
