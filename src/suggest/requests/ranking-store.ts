/** Ranking requests and suggestions in the database: the steps that the ranking loop takes. */
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Ranking } from '../../models/ranker.js';
import { roundProbability } from './suggestion-message.js';
import { servingStampSql } from './serving-version.js';

/** A claimed request with the ranker's input. */
export interface ClaimedTicket {
  ticket: number;
  generation: number;
  source: string;
  ticketId: string;
  subject: string;
  body: string;
  channel: string | null;
  language: string | null;
  contactType: string | null;
  fields: Record<string, string | number | boolean | null>;
  audit: boolean;
}

export interface RankedTicket {
  claimed: ClaimedTicket;
  version: string;
  ranking: Ranking;
}

/** Templates of a suggestion that are stored and published. */
const maxStoredItems = 10;

/** Cost of a text in windows of the encoder: about 1,000 characters each, at most 16. */
const modelCostSql = 'least(16, 1 + (length(t.subject) + length(t.body)) / 1000)';

/**
 * Claims up to `limit` due requests for `leaseSeconds`; no other replica gets them during the lease. Long texts make the batch
 * smaller, so that short ones do not wait for them.
 *
 * @param stamp of what the model ranks with. While the database names other templates or another champion, only tickets that
 *   an agent waits for are claimed; re-rankings because of that change wait until the model has loaded it.
 */
export async function claimTickets(
  manager: EntityManager,
  { limit, leaseSeconds, stamp }: { limit: number; leaseSeconds: number; stamp: string },
): Promise<ClaimedTicket[]> {
  const [rows] = await manager.query<[ClaimedTicket[], number]>(
    `WITH due AS MATERIALIZED (
       SELECT ticket, priority, due_at FROM rank_requests
        WHERE due_at <= now() AND priority <= CASE WHEN ${servingStampSql} = $3 THEN 1 ELSE 0 END
        ORDER BY priority, due_at, ticket LIMIT $1 FOR UPDATE SKIP LOCKED),
     costed AS (
       SELECT due.ticket, sum(${modelCostSql}) OVER by_priority AS cost, row_number() OVER by_priority AS position
         FROM due JOIN tickets t ON t.id = due.ticket
       WINDOW by_priority AS (ORDER BY due.priority, due.due_at, due.ticket))
     UPDATE rank_requests r SET due_at = now() + make_interval(secs => $2)
       FROM costed c JOIN tickets t ON t.id = c.ticket
      WHERE r.ticket = c.ticket AND (c.cost <= 2 * $1 OR c.position = 1)
     RETURNING r.ticket, r.generation, t.source, t.ticket_id AS "ticketId", t.subject, t.body, t.channel, t.language,
               t.contact_type AS "contactType", t.fields, t.audit`,
    [limit, leaseSeconds, stamp],
  );
  return rows;
}

/** Releases leases; the requests are due again after `seconds`. */
export async function releaseLeases(manager: EntityManager, tickets: ClaimedTicket[], seconds: number): Promise<void> {
  await manager.query(
    `WITH leased AS (
       SELECT r.ticket FROM unnest($1::bigint[], $2::int[]) AS claimed (ticket, generation)
         JOIN rank_requests r ON r.ticket = claimed.ticket AND r.generation = claimed.generation
        ORDER BY r.ticket FOR UPDATE OF r)
     UPDATE rank_requests r SET due_at = now() + make_interval(secs => $3) FROM leased WHERE r.ticket = leased.ticket`,
    [tickets.map(({ ticket }) => ticket), tickets.map(({ generation }) => generation), seconds],
  );
}

/**
 * Locks and deletes the requests that have not changed since they were claimed. If templates or champion have changed since the
 * model was called, the requests stay instead, to be ranked again in the background.
 *
 * @returns the next revision by ticket; a ticket whose request is gone or has a newer generation is missing
 */
export async function completeRequests(
  manager: EntityManager,
  ranked: RankedTicket[],
  stamp: string,
): Promise<Map<number, number>> {
  // Ordered by id, as everywhere: two transactions that lock the same tickets must not deadlock.
  const locked: { ticket: number; current: boolean }[] = await manager.query(
    `SELECT t.id AS ticket, ${servingStampSql} = $3 AS current
       FROM unnest($1::bigint[], $2::int[]) AS claimed (ticket, generation)
       JOIN tickets t ON t.id = claimed.ticket
       JOIN rank_requests r ON r.ticket = claimed.ticket AND r.generation = claimed.generation
      ORDER BY t.id FOR NO KEY UPDATE OF t FOR UPDATE OF r`,
    [ranked.map(({ claimed }) => claimed.ticket), ranked.map(({ claimed }) => claimed.generation), stamp],
  );
  const completeSql = locked.every(({ current }) => current)
    ? 'DELETE FROM rank_requests r'
    : 'UPDATE rank_requests r SET priority = 1, due_at = now()';
  const [rows] = await manager.query<[{ ticket: number; revision: number }[], number]>(
    `${completeSql} WHERE r.ticket = ANY ($1::bigint[])
     RETURNING r.ticket,
       (SELECT coalesce(max(s.revision), 0) + 1 FROM suggestions s WHERE s.ticket = r.ticket) AS revision`,
    [locked.map(({ ticket }) => ticket)],
  );
  return new Map(rows.map(({ ticket, revision }) => [ticket, revision]));
}

export type NewSuggestion = ReturnType<typeof newSuggestion>;

/** @param auditShare probability with which a ticket is made an audit ticket */
export function newSuggestion({ claimed, version, ranking }: RankedTicket, revision: number, auditShare: number) {
  // An audit ticket must look like an abstention for low confidence; if the model abstains anyway, its own reason is kept.
  const isHidden = claimed.audit && !ranking.abstained;
  return {
    id: randomUUID(),
    ticket: claimed.ticket,
    revision,
    modelVersion: version,
    abstained: ranking.abstained || isHidden,
    reason: isHidden ? 'unsure' : ranking.reason,
    contactType: ranking.contactType?.value ?? null,
    contactTypeProbability: ranking.contactType?.probability ?? null,
    ranking: ranking.items
      .slice(0, maxStoredItems)
      .map(({ templateId, probability }) => ({ templateId, probability: roundProbability(probability) })),
    shownProbability: claimed.audit || ranking.abstained ? 0 : 1 - auditShare,
  };
}

export async function insertSuggestions(manager: EntityManager, suggestions: NewSuggestion[]): Promise<void> {
  await manager.query(
    `INSERT INTO suggestions (id, ticket, revision, model_version, abstained, reason, contact_type,
                              contact_type_probability, ranking, shown_probability)
     SELECT id, ticket, revision, "modelVersion", abstained, reason, "contactType", "contactTypeProbability", ranking,
            "shownProbability"
       FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, ticket bigint, revision int, "modelVersion" text,
            abstained boolean, reason text, "contactType" text, "contactTypeProbability" real, ranking jsonb,
            "shownProbability" real)`,
    [JSON.stringify(suggestions)],
  );
}
