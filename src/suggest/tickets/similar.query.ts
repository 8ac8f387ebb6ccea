import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { toMicroseconds, fromMicroseconds } from '../../http/cursor.js';
import { maxAnsweredTickets } from '../requests/ticket-embeddings.js';
import type { SimilarTicket, TicketPath } from './ticket.schema.js';

/** Rows that are in memory at a time. */
const pageSize = 5_000;

interface EmbeddingRow {
  ticket: number;
  /** One signed byte a number, times `scale` */
  embedding: Buffer;
  scale: number;
}

interface Candidate extends EmbeddingRow {
  micros: number;
}

/** Answered tickets that are most similar to a ticket, by cosine similarity of their embeddings. */
@Injectable()
export class SimilarTicketsQuery {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * @param template only tickets that were answered with it
   * @returns most similar first; empty if the ticket has no embedding; null if the ticket does not exist
   */
  async similar(
    path: TicketPath,
    { limit, template }: { limit: number; template?: string | undefined },
  ): Promise<{ items: SimilarTicket[] } | null> {
    const [own]: (EmbeddingRow & { encoderHash: string | null })[] = await this.dataSource.query(
      `SELECT t.id AS ticket, e.embedding, e.scale, e.encoder_hash AS "encoderHash"
         FROM tickets t LEFT JOIN ticket_embeddings e ON e.ticket = t.id WHERE t.source = $1 AND t.ticket_id = $2`,
      [path.source, path.ticketId],
    );
    if (!own) return null;
    if (own.encoderHash === null) return { items: [] };
    // A separate statement for a single template, because it needs another query plan.
    const wanted = template === undefined ? 'l.template_id IS NOT NULL' : 'l.template_id = ANY ($5::text[])';
    const heirs = template === undefined ? [] : [await this.withMergedTemplates(template)];
    let best: { ticket: number; similarity: number }[] = [];
    let last: Candidate | undefined;
    for (let seen = 0; seen < maxAnsweredTickets; seen += pageSize) {
      const page: Candidate[] = await this.dataSource.query(
        `SELECT l.ticket, ${toMicroseconds('l.labelled_at')} AS micros, e.embedding, e.scale
           FROM labels l JOIN ticket_embeddings e ON e.ticket = l.ticket AND e.encoder_hash = $1
          WHERE l.ticket <> $2 AND ${wanted}
            AND ($3::bigint IS NULL OR (l.labelled_at, l.ticket) < (${fromMicroseconds('$3')}, $4::bigint))
          ORDER BY l.labelled_at DESC, l.ticket DESC LIMIT ${pageSize}`,
        [own.encoderHash, own.ticket, last?.micros ?? null, last?.ticket ?? null, ...heirs],
      );
      const compared = page.map((other) => ({ ticket: other.ticket, similarity: similarity(own, other) }));
      best = [...best, ...compared].sort((a, b) => b.similarity - a.similarity).slice(0, limit);
      if (page.length < pageSize) break;
      last = page.at(-1);
    }
    return { items: await this.loadTickets(best) };
  }

  /** @returns the template itself and those that were merged into it */
  private async withMergedTemplates(template: string): Promise<string[]> {
    const rows: { id: string }[] = await this.dataSource.query('SELECT id FROM template_heirs WHERE heir = $1', [
      template,
    ]);
    return rows.map(({ id }) => id);
  }

  private async loadTickets(best: { ticket: number; similarity: number }[]): Promise<SimilarTicket[]> {
    if (best.length === 0) return [];
    return this.dataSource.query(
      `SELECT t.source, t.ticket_id AS "ticketId", t.subject, left(t.body, 200) AS preview, coalesce(h.heir, l.template_id) AS "templateId",
              p.title, l.labelled_at AS "answeredAt", b.similarity
         FROM unnest($1::bigint[], $2::float8[]) AS b (ticket, similarity)
         JOIN tickets t ON t.id = b.ticket JOIN labels l ON l.ticket = b.ticket
         LEFT JOIN template_heirs h ON h.id = l.template_id LEFT JOIN templates p ON p.id = h.heir
        WHERE l.template_id IS NOT NULL ORDER BY b.similarity DESC, b.ticket`,
      [best.map(({ ticket }) => ticket), best.map((found) => found.similarity)],
    );
  }
}

/** Cosine similarity of two embeddings of length 1, −1 to 1. */
function similarity(a: EmbeddingRow, b: EmbeddingRow): number {
  const [left, right] = [toInt8(a), toInt8(b)];
  let sum = 0;
  for (let at = 0; at < left.length; at += 1) sum += (left[at] as number) * (right[at] ?? 0);
  return Math.max(-1, Math.min(1, sum * a.scale * b.scale));
}

const toInt8 = ({ embedding }: EmbeddingRow): Int8Array =>
  new Int8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength);
