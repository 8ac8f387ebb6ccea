/** Training runs that are requested, and the facts of the schedule. */
import type { EntityManager } from 'typeorm';
import { loadChampionMoves } from '../../suggest/requests/champion.js';
import type { NewRun } from './run-store.js';

/** Automatic requests wait this long after a failed run: with the same labels the next one would fail too. */
const failureBackoffMinutes = 60;

/**
 * The newest decision to retrain without a run. Decisions from before the last run started concern an older model, and so do
 * automatic ones from before it ended.
 */
export async function findRequestedRun(manager: EntityManager): Promise<NewRun | null> {
  const [row]: { id: number; requestedBy: string }[] = await manager.query(
    `SELECT d.id, d.requested_by AS "requestedBy" FROM retrain_decisions d
      WHERE d.action = 'retrain' AND d.stream = 'tickets'
        AND NOT EXISTS (SELECT 1 FROM training_runs r
                         WHERE r.state IN ('queued', 'running') OR r.created_at >= d.decided_at OR r.decision >= d.id
                            OR d.requested_by IN ('monitor', 'schedule') AND r.ended_at >= d.decided_at)
        AND (d.requested_by NOT IN ('monitor', 'schedule') OR NOT EXISTS (
              SELECT 1 FROM training_runs r WHERE r.state = 'failed' AND r.ended_at > now() - make_interval(mins => $1)))
      ORDER BY d.id DESC LIMIT 1`,
    [failureBackoffMinutes],
  );
  if (!row) return null;
  const trigger = row.requestedBy === 'monitor' ? 'decision' : row.requestedBy === 'schedule' ? 'schedule' : 'person';
  return { trigger, requestedBy: row.requestedBy, decision: row.id };
}

/** Includes evaluations that decided on no action. */
export async function loadLastScheduledEvaluation(manager: EntityManager): Promise<Date | null> {
  const [row]: { at: Date | null }[] = await manager.query(
    `SELECT max(decided_at) AS at FROM retrain_decisions WHERE requested_by = 'schedule'`,
  );
  return row?.at ?? null;
}

/** When the first champion was promoted; null without one. */
export async function loadChampionSince(manager: EntityManager): Promise<Date | null> {
  const [first] = await loadChampionMoves(manager);
  return first?.movedAt ?? null;
}
