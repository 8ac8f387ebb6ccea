import type { DataSource } from 'typeorm';
import { toPercent } from '../../statistics/percent.js';

/** A test ticket that was put onto Kafka. */
export interface SentTicket {
  ticketId: string;
  /** The template that is right for it. */
  templateId: string;
  /** When the broker had it, ms since 1970. */
  sentAt: number;
}

/** What the database holds of one sent ticket: its first suggestion. */
export interface RankedTicket {
  ticketId: string;
  ranking: { templateId: string }[];
  /** ms since 1970 */
  storedAt: number;
}

/** What was seen on the suggestions topic. */
export interface PublishedSuggestion {
  ticketId: string;
  revision: number;
  suggestionId: string;
}

/** The figures of one run of the main job; percent, ms, tickets a second. */
export interface RunFigures {
  sent: number;
  stored: number;
  suggestions: number;
  /** Sent, but neither ranked nor abstained on. */
  lost: number;
  /** Extra rows, and revisions that stand on the topic under a second suggestionId. */
  duplicates: number;
  top1: number;
  hits3: number;
  latencyMs: { p50: number; p95: number; p99: number };
  ticketsPerSecond: number;
}

/** Quantile by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996). NaN for no values. */
export function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** @param ticketRows how many rows the tickets table has for the run's source */
export function runFigures(
  sent: SentTicket[],
  ranked: RankedTicket[],
  published: PublishedSuggestion[],
  ticketRows: number,
): RunFigures {
  const rightOf = new Map(sent.map((ticket) => [ticket.ticketId, ticket]));
  const known = new Map(ranked.map((row) => [row.ticketId, row]));
  const hitsWithin = (depth: number): number =>
    toPercent(
      sent.filter(({ ticketId, templateId }) =>
        known
          .get(ticketId)
          ?.ranking.slice(0, depth)
          .some((item) => item.templateId === templateId),
      ).length / sent.length,
    );
  const idsOfRevision = new Map<string, Set<string>>();
  for (const { ticketId, revision, suggestionId } of published) {
    const revisionKey = `${ticketId} ${revision}`;
    idsOfRevision.set(revisionKey, (idsOfRevision.get(revisionKey) ?? new Set()).add(suggestionId));
  }
  const secondIds = [...idsOfRevision.values()].map((ids) => ids.size - 1);
  const latencies = ranked.map((row) => row.storedAt - (rightOf.get(row.ticketId)?.sentAt ?? row.storedAt));
  const seconds =
    (Math.max(...ranked.map((row) => row.storedAt)) - Math.min(...sent.map((ticket) => ticket.sentAt))) / 1000;
  return {
    sent: sent.length,
    stored: ticketRows,
    suggestions: ranked.length,
    lost: sent.filter(({ ticketId }) => !known.has(ticketId)).length,
    duplicates: Math.max(0, ticketRows - sent.length) + secondIds.reduce((sum, extra) => sum + extra, 0),
    top1: hitsWithin(1),
    hits3: hitsWithin(3),
    latencyMs: {
      p50: Math.round(quantile(latencies, 0.5)),
      p95: Math.round(quantile(latencies, 0.95)),
      p99: Math.round(quantile(latencies, 0.99)),
    },
    ticketsPerSecond: Math.round((ranked.length / seconds) * 10) / 10,
  };
}

/** Reads what the database holds of a run: its tickets' first suggestions, and how many ticket rows there are. */
export async function readRun(
  dataSource: DataSource,
  source: string,
): Promise<{ ranked: RankedTicket[]; rows: number }> {
  const ranked: RankedTicket[] = await dataSource.query(
    `SELECT t.ticket_id AS "ticketId", s.ranking, extract(epoch FROM s.created_at)::float8 * 1000 AS "storedAt"
       FROM tickets t JOIN suggestions s ON s.ticket = t.id AND s.revision = 1
      WHERE t.source = $1`,
    [source],
  );
  const [{ rows }]: [{ rows: number }] = await dataSource.query(
    'SELECT count(*)::int AS rows FROM tickets WHERE source = $1',
    [source],
  );
  return { ranked, rows };
}
