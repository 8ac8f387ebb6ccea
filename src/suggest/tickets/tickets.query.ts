import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Suggestion } from '../../records/tickets/suggestion.entity.js';
import { newText } from '../../preparation/new-text.js';
import { toMicroseconds, fromMicroseconds, page } from '../../http/cursor.js';
import { toSuggestionMessage } from '../requests/suggestion-message.js';
import type {
  SuggestionAnswer,
  TicketAnswer,
  TicketFilters,
  TicketPath,
  TicketRow,
  TicketsQuery,
} from './ticket.schema.js';

const stateSql = `CASE WHEN t.closed_at IS NOT NULL THEN 'closed' WHEN t.answered_at IS NOT NULL THEN 'answered' ELSE 'open' END`;
const ticketColumns = `t.source, t.ticket_id AS "ticketId", t.subject, t.channel, t.language, ${stateSql} AS state, t.sample,
  coalesce(t.content_at, t.state_at) AS "occurredAt", t.received_at AS "receivedAt"`;
const stateFilter: Record<TicketsQuery['state'], string> = {
  open: 't.closed_at IS NULL AND t.answered_at IS NULL',
  answered: 't.closed_at IS NULL AND t.answered_at IS NOT NULL',
  closed: 't.closed_at IS NOT NULL',
  all: 'true',
};
/** Millionths, so that a cursor is exact */
const confidenceSql = 'coalesce(round(f.probability * 1000000)::bigint, -1)';
/** Sort expressions; `place` is the value in a cursor, `from` turns that value back into SQL. */
const sorts: Record<TicketsQuery['sort'], { by: string; place: string; from: (value: string) => string }> = {
  newest: { by: 't.received_at', place: toMicroseconds('t.received_at'), from: fromMicroseconds },
  confidence: { by: confidenceSql, place: confidenceSql, from: (value) => `${value}::bigint` },
};

/** Reads tickets for agents. An audit ticket looks like an abstention. */
@Injectable()
export class TicketsQueryService {
  constructor(private readonly dataSource: DataSource) {}

  /** A page of tickets, newest or highest confidence first, each with its first active template. */
  async list(query: TicketsQuery): Promise<{ items: TicketRow[]; nextCursor: string | null }> {
    const conditions = [stateFilter[query.state]];
    const values: unknown[] = [];
    const where = (sql: (...places: [string, string]) => string, ...given: unknown[]): void => {
      if (given.some((value) => value === undefined)) return;
      conditions.push(sql(...(given.map((value) => `$${values.push(value)}`) as [string, string])));
    };
    where((place) => `t.source = ${place}`, query.source);
    where((place) => `t.channel = ${place}`, query.channel);
    where((place) => `t.language = ${place}`, query.language);
    where((place) => `coalesce(t.contact_type, s.contact_type) = ${place}`, query.contactType);
    const { by, place, from } = sorts[query.sort];
    where((at, id) => `(${by}, t.id) < (${from(at)}, ${id})`, query.cursor?.[0], query.cursor?.[1]);
    const limit = `$${values.push(query.limit + 1)}`;
    const rows: (TicketRow & { id: number; place: number })[] = await this.dataSource.query(
      `SELECT t.id, ${place} AS place, ${ticketColumns}, left(t.body, 200) AS preview,
              coalesce(t.contact_type, s.contact_type) AS "contactType",
              CASE WHEN s.id IS NOT NULL THEN jsonb_build_object('suggestionId', s.id, 'abstained', s.abstained,
                'templateId', f.id, 'title', f.title, 'probability', f.probability) END AS suggestion
         FROM tickets t
         LEFT JOIN LATERAL (SELECT * FROM suggestions WHERE ticket = t.id ORDER BY revision DESC LIMIT 1) s ON true
         LEFT JOIN LATERAL (
           SELECT p.id, p.title, (r.item ->> 'probability')::float8 AS probability
             FROM jsonb_array_elements(s.ranking) WITH ORDINALITY AS r (item, place)
             JOIN templates p ON p.id = r.item ->> 'templateId' AND p.state = 'allowed'
            WHERE NOT s.abstained ORDER BY r.place LIMIT 1) f ON true
        WHERE ${conditions.join(' AND ')} ORDER BY ${by} DESC, t.id DESC LIMIT ${limit}`,
      values,
    );
    const { items, nextCursor } = page(rows, query.limit, (last) => [last.place, last.id]);
    return { items: items.map(({ id, place: _place, ...row }) => row), nextCursor };
  }

  /** Filter values and number of the open tickets. */
  async filters(): Promise<TicketFilters> {
    const [found]: TicketFilters[] = await this.dataSource.query(
      `WITH open AS MATERIALIZED (
         SELECT t.channel, t.language, coalesce(t.contact_type, s.contact_type) AS "contactType" FROM tickets t
           LEFT JOIN LATERAL (SELECT contact_type FROM suggestions WHERE ticket = t.id ORDER BY revision DESC LIMIT 1) s ON true
          WHERE ${stateFilter.open})
       SELECT (SELECT count(*)::int FROM open) AS open,
              ARRAY (SELECT DISTINCT channel FROM open WHERE channel IS NOT NULL ORDER BY 1) AS channels,
              ARRAY (SELECT DISTINCT language FROM open WHERE language IS NOT NULL ORDER BY 1) AS languages,
              ARRAY (SELECT DISTINCT "contactType" FROM open WHERE "contactType" IS NOT NULL ORDER BY 1) AS "contactTypes"`,
    );
    return found as TicketFilters;
  }

  async get(path: TicketPath): Promise<TicketAnswer | null> {
    const [ticket]: Omit<TicketAnswer, 'quotedParts'>[] = await this.dataSource.query(
      `SELECT ${ticketColumns}, t.contact_type AS "contactType", t.body, t.fields
         FROM tickets t WHERE t.source = $1 AND t.ticket_id = $2`,
      [path.source, path.ticketId],
    );
    return ticket ? { ...ticket, quotedParts: [...newText(ticket.body).left] } : null;
  }

  /** The newest suggestion with its active templates, ranked from 1. */
  async suggestion(path: TicketPath, limit: number): Promise<SuggestionAnswer | null> {
    type Row = Omit<Suggestion, 'ranking'> & {
      shown: { templateId: string; probability: number; title: string; body: string }[] | null;
    };
    const [row]: Row[] = await this.dataSource.query(
      `SELECT s.id, s.revision, s.model_version AS "modelVersion", s.abstained, s.reason, s.contact_type AS "contactType",
              s.contact_type_probability AS "contactTypeProbability", s.created_at AS "createdAt",
              (SELECT jsonb_agg(to_jsonb(i) - 'place' ORDER BY i.place) FROM (
                SELECT p.id AS "templateId", r.item -> 'probability' AS probability, p.title, p.body, r.place
                  FROM jsonb_array_elements(s.ranking) WITH ORDINALITY AS r (item, place)
                  JOIN templates p ON p.id = r.item ->> 'templateId' AND p.state = 'allowed'
                 WHERE NOT s.abstained ORDER BY r.place LIMIT $3) i) AS shown
         FROM tickets t JOIN suggestions s ON s.ticket = t.id
        WHERE t.source = $1 AND t.ticket_id = $2 ORDER BY s.revision DESC LIMIT 1`,
      [path.source, path.ticketId, limit],
    );
    if (!row) return null;
    const items = (row.shown ?? []).map((item, index) => ({ rank: index + 1, ...item }));
    return { ...toSuggestionMessage(path, { ...row, ranking: [] }), items, createdAt: row.createdAt };
  }
}
