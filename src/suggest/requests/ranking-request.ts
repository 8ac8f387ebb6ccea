import type { EntityManager } from 'typeorm';
import type { RankReason } from '../../records/tickets/rank-request.entity.js';
import { championMovedAtSql } from './champion.js';

/** Lower is served first: tickets that an agent waits for come before re-rankings. */
const priorities: Record<RankReason, number> = { arrived: 0, updated: 0, template: 1, model: 1 };

/** Requests a ranking of the tickets. A pending request gets a new generation and keeps the higher of both priorities. */
export async function requestRanking(manager: EntityManager, tickets: number[], reason: RankReason): Promise<void> {
  if (tickets.length === 0) return;
  await manager.query(
    `INSERT INTO rank_requests (ticket, reason, priority)
     SELECT ticket, $2, $3 FROM unnest($1::bigint[]) AS ticket ORDER BY ticket
     ON CONFLICT (ticket) DO UPDATE SET generation = rank_requests.generation + 1, due_at = now(),
       priority = least(rank_requests.priority, EXCLUDED.priority)`,
    [tickets, reason, priorities[reason]],
  );
}

/** Requests a new ranking of every open ticket after a template or the model has changed. */
export async function requestRankingForOpenTickets(manager: EntityManager, reason: RankReason): Promise<void> {
  await manager.query(
    `INSERT INTO rank_requests (ticket, reason, priority)
     SELECT id, $1, $2 FROM tickets WHERE closed_at IS NULL AND answered_at IS NULL ORDER BY id
     ON CONFLICT (ticket) DO UPDATE SET generation = rank_requests.generation + 1, due_at = now(),
       priority = least(rank_requests.priority, EXCLUDED.priority)`,
    [reason, priorities[reason]],
  );
}

/** Requests a new ranking of the open tickets whose newest suggestion came from this version. */
export async function requestRankingForVersion(manager: EntityManager, version: string): Promise<void> {
  const rows: { ticket: number }[] = await manager.query(
    `SELECT t.id AS ticket FROM tickets t
       JOIN LATERAL (SELECT model_version FROM suggestions WHERE ticket = t.id ORDER BY revision DESC LIMIT 1) s ON true
      WHERE t.closed_at IS NULL AND t.answered_at IS NULL AND s.model_version = $1`,
    [version],
  );
  await requestRanking(
    manager,
    rows.map(({ ticket }) => ticket),
    'model',
  );
}

/** Requests a ranking of a reopened ticket if templates or the model have changed since its newest suggestion. */
export async function requestRankingIfStale(manager: EntityManager, ticket: number): Promise<void> {
  const [row]: { stale: boolean }[] = await manager.query(
    `SELECT closed_at IS NULL AND NOT EXISTS (
              SELECT 1 FROM suggestions s WHERE s.ticket = t.id AND s.created_at >= greatest('-infinity',
                (SELECT max(updated_at) FROM templates), ${championMovedAtSql})
            ) AS stale
       FROM tickets t WHERE id = $1`,
    [ticket],
  );
  if (row?.stale) await requestRanking(manager, [ticket], 'template');
}
