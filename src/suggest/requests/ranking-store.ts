import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Ranking } from '../../models/ranker.js';
import { storeObservedTickets } from './observed-tickets.js';
import { writeOutbox } from '../../database/outbox.js';
import { roundProbability, toSuggestionMessage } from './suggestion-message.js';
import { storeEmbeddings } from './ticket-embeddings.js';
import { notifyTickets } from '../../events/change-events.js';
import { servingStampSql } from './serving-version.js';

/** A claimed request with what the ranker may look at. */
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

/** How many templates are stored and published. */
const maxStoredItems = 10;

/** A text costs the model about as much as its windows: one holds some 1,000 characters, and 16 are read. */
const modelCostSql = 'least(16, 1 + (length(t.subject) + length(t.body)) / 1000)';

/**
 * Claims up to `limit` due requests for `leaseSeconds`: nobody else gets them before then. Fewer where texts are long, so
 * that the short ones among them need not wait for the long.
 *
 * @param stamp what the model ranks with. While the database names other templates or another champion, only tickets that
 *   an agent waits for are claimed; what is to be ranked again because of that change waits until the model has followed.
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
     affordable AS (
       SELECT due.ticket, sum(${modelCostSql}) OVER in_turn AS cost, row_number() OVER in_turn AS place
         FROM due JOIN tickets t ON t.id = due.ticket
       WINDOW in_turn AS (ORDER BY due.priority, due.due_at, due.ticket))
     UPDATE rank_requests r SET due_at = now() + make_interval(secs => $2)
       FROM affordable a JOIN tickets t ON t.id = a.ticket
      WHERE r.ticket = a.ticket AND (a.cost <= 2 * $1 OR a.place = 1)
     RETURNING r.ticket, r.generation, t.source, t.ticket_id AS "ticketId", t.subject, t.body, t.channel, t.language,
               t.contact_type AS "contactType", t.fields, t.audit`,
    [limit, leaseSeconds, stamp],
  );
  return rows;
}

/** Gives leases back, to be claimed again after `seconds`. */
export async function releaseLeases(manager: EntityManager, tickets: ClaimedTicket[], seconds: number): Promise<void> {
  await manager.query(
    `WITH mine AS (
       SELECT r.ticket FROM unnest($1::bigint[], $2::int[]) AS claimed (ticket, generation)
         JOIN rank_requests r ON r.ticket = claimed.ticket AND r.generation = claimed.generation
        ORDER BY r.ticket FOR UPDATE OF r)
     UPDATE rank_requests r SET due_at = now() + make_interval(secs => $3) FROM mine WHERE r.ticket = mine.ticket`,
    [tickets.map(({ ticket }) => ticket), tickets.map(({ generation }) => generation), seconds],
  );
}

export interface StoreSettings {
  topic: string;
  /** Probability with which a ticket is made an audit ticket. */
  auditShare: number;
  encoderHash: string | null;
  /** What the model ranked with. */
  stamp: string;
}

/**
 * Stores rankings as suggestions with their outbox rows and deletes the requests. A ticket whose request is gone or has a
 * newer generation is left alone: what was ranked is not what it says any more. Where templates or champion have changed
 * since the model was called, the suggestion is stored, but the request stays, to be served again in the background.
 *
 * @returns those that were stored
 */
export async function storeRankings(
  manager: EntityManager,
  ranked: RankedTicket[],
  settings: StoreSettings,
): Promise<RankedTicket[]> {
  const current = await takeRequests(manager, ranked, settings.stamp);
  const rows = ranked
    .filter(({ claimed }) => current.has(claimed.ticket))
    .map((one) => suggestionRow(one, current.get(one.claimed.ticket) ?? 1, settings.auditShare));
  if (rows.length === 0) return [];
  await manager.query(
    `INSERT INTO suggestions (id, ticket, revision, model_version, abstained, reason, contact_type,
                              contact_type_probability, ranking, shown_probability)
     SELECT id, ticket, revision, "modelVersion", abstained, reason, "contactType", "contactTypeProbability", ranking,
            "shownProbability"
       FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, ticket bigint, revision int, "modelVersion" text,
            abstained boolean, reason text, "contactType" text, "contactTypeProbability" real, ranking jsonb,
            "shownProbability" real)`,
    [JSON.stringify(rows.map(({ row }) => row))],
  );
  await writeOutbox(
    manager,
    rows.map(({ row, claimed }) => ({
      topic: settings.topic,
      key: Buffer.from(`${claimed.source}:${claimed.ticketId}`),
      headers: { 'content-type': 'application/json' },
      value: Buffer.from(JSON.stringify(toSuggestionMessage(claimed, row))),
    })),
  );
  const { encoderHash } = settings;
  const embedded = rows.flatMap(({ claimed: { ticket }, ranking: { embedding } }) =>
    embedding ? [{ ticket, embedding }] : [],
  );
  if (encoderHash !== null) await storeEmbeddings(manager, embedded, encoderHash);
  await storeObservedTickets(
    manager,
    rows
      .filter(({ row }) => row.revision === 1)
      .map(({ row, ranking }) => ({ ticket: row.ticket, modelVersion: row.modelVersion, ranking })),
  );
  await notifyTickets(
    manager,
    rows.map(({ claimed }) => claimed),
  );
  return ranked.filter(({ claimed }) => current.has(claimed.ticket));
}

/** Locks the requests that are still what was ranked, and deletes or keeps them. @returns next revision by ticket */
async function takeRequests(
  manager: EntityManager,
  ranked: RankedTicket[],
  stamp: string,
): Promise<Map<number, number>> {
  // In the order of ids, as everywhere: two transactions that lock the same tickets must not wait for each other.
  const locked: { ticket: number; current: boolean }[] = await manager.query(
    `SELECT t.id AS ticket, ${servingStampSql} = $3 AS current
       FROM unnest($1::bigint[], $2::int[]) AS claimed (ticket, generation)
       JOIN tickets t ON t.id = claimed.ticket
       JOIN rank_requests r ON r.ticket = claimed.ticket AND r.generation = claimed.generation
      ORDER BY t.id FOR NO KEY UPDATE OF t FOR UPDATE OF r`,
    [ranked.map(({ claimed }) => claimed.ticket), ranked.map(({ claimed }) => claimed.generation), stamp],
  );
  const take = locked.every(({ current }) => current)
    ? 'DELETE FROM rank_requests r'
    : 'UPDATE rank_requests r SET priority = 1, due_at = now()';
  const [rows] = await manager.query<[{ ticket: number; revision: number }[], number]>(
    `${take} WHERE r.ticket = ANY ($1::bigint[])
     RETURNING r.ticket,
       (SELECT coalesce(max(s.revision), 0) + 1 FROM suggestions s WHERE s.ticket = r.ticket) AS revision`,
    [locked.map(({ ticket }) => ticket)],
  );
  return new Map(rows.map(({ ticket, revision }) => [ticket, revision]));
}

function suggestionRow({ claimed, version, ranking }: RankedTicket, revision: number, auditShare: number) {
  // An audit ticket looks like any other on which the model was unsure; one that abstains anyway keeps its own reason.
  const hidden = claimed.audit && !ranking.abstained;
  const row = {
    id: randomUUID(),
    ticket: claimed.ticket,
    revision,
    modelVersion: version,
    abstained: ranking.abstained || hidden,
    reason: hidden ? 'unsure' : ranking.reason,
    contactType: ranking.contactType?.value ?? null,
    contactTypeProbability: ranking.contactType?.probability ?? null,
    ranking: ranking.items
      .slice(0, maxStoredItems)
      .map(({ templateId, probability }) => ({ templateId, probability: roundProbability(probability) })),
    shownProbability: claimed.audit || ranking.abstained ? 0 : 1 - auditShare,
  };
  return { row, claimed, ranking };
}
