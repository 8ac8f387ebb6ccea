/** Whether a training run is wanted, and what the schedule has to know. */
import type { EntityManager } from 'typeorm';
import type { NewRun } from './run-store.js';

/** After a run that has failed, what asks by itself waits so long: with the same labels the next would fail too. */
const failureBackoffMinutes = 60;

/**
 * The newest decision to retrain that no run has followed: one that was made before the last run began was about an older
 * model, and so was one that was made by itself before it ended.
 */
export async function findRequestedRun(manager: EntityManager): Promise<NewRun | null> {
  const [row]: { id: number; askedBy: string }[] = await manager.query(
    `SELECT d.id, d.asked_by AS "askedBy" FROM retrain_decisions d
      WHERE d.action = 'retrain' AND d.stream = 'tickets'
        AND NOT EXISTS (SELECT 1 FROM training_runs r
                         WHERE r.state IN ('queued', 'running') OR r.created_at >= d.decided_at OR r.decision >= d.id
                            OR d.asked_by IN ('monitor', 'schedule') AND r.ended_at >= d.decided_at)
        AND (d.asked_by NOT IN ('monitor', 'schedule') OR NOT EXISTS (
              SELECT 1 FROM training_runs r WHERE r.state = 'failed' AND r.ended_at > now() - make_interval(mins => $1)))
      ORDER BY d.id DESC LIMIT 1`,
    [failureBackoffMinutes],
  );
  if (!row) return null;
  const trigger = row.askedBy === 'monitor' ? 'decision' : row.askedBy === 'schedule' ? 'schedule' : 'person';
  return { trigger, askedBy: row.askedBy, decision: row.id };
}

/** Also of a look that decided on nothing. */
export async function loadLastScheduledEvaluation(manager: EntityManager): Promise<Date | null> {
  const [row]: { at: Date | null }[] = await manager.query(
    `SELECT max(decided_at) AS at FROM retrain_decisions WHERE asked_by = 'schedule'`,
  );
  return row?.at ?? null;
}

export async function loadChampionSince(manager: EntityManager): Promise<Date | null> {
  const [row]: { at: Date | null }[] = await manager.query(
    `SELECT min(moved_at) AS at FROM model_alias_moves WHERE alias = 'champion'`,
  );
  return row?.at ?? null;
}
