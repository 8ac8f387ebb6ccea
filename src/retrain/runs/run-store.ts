/**
 * Training runs in the database. Invariant: at most one run is unfinished (unique index), and only the replica that holds its
 * lease writes to it; a replica that has lost the lease learns it at its next write and stops.
 */
import type { EntityManager } from 'typeorm';
import type { RunState } from '../../records/models/training-run.entity.js';
import { notifyTrainingRun } from '../../events/change-events.js';
import type { Comparison } from '../comparison/comparison.js';
import type { SplitPoint } from '../labels/label-split.js';
import type { RunTrigger, Verdict } from '../comparison/promotion.js';

export const leaseSeconds = 15;
const maxAttempts = 3;

/** Another replica has the run now, or it has ended. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** A person has cancelled the run. */
export class RunCancelled extends Error {
  override readonly name = 'RunCancelled';
}

export interface ClaimedRun {
  id: number;
  trigger: RunTrigger;
  challenger: string | null;
  heldOutFrom: SplitPoint | null;
  attempts: number;
  /** Who holds the lease */
  runner: string;
}

export interface NewRun {
  trigger: RunTrigger;
  requestedBy: string;
  decision: number | null;
}

/** @returns the new run, or the unfinished one */
export async function startRun(manager: EntityManager, run: NewRun): Promise<{ id: number; started: boolean }> {
  for (;;) {
    const [created]: { id: number }[] = await manager.query(
      `INSERT INTO training_runs (trigger, requested_by, decision) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id`,
      [run.trigger, run.requestedBy, run.decision],
    );
    if (created) {
      await notifyTrainingRun(manager, { id: created.id, state: 'queued', phase: null, progress: null });
      return { id: created.id, started: true };
    }
    const [unfinished]: { id: number }[] = await manager.query(
      `SELECT id FROM training_runs WHERE state IN ('queued', 'running') OR decision = $1 ORDER BY id DESC LIMIT 1`,
      [run.decision],
    );
    // It may have ended between the two statements.
    if (unfinished) return { id: unfinished.id, started: false };
  }
}

/** Claims a queued run or one whose lease has expired. A run whose process died too often fails. */
export async function claimRun(manager: EntityManager, runner: string): Promise<ClaimedRun | null> {
  const [rows] = await manager.query<[ClaimedRun[], number]>(
    `UPDATE training_runs SET state = 'running', runner = $1, lease_until = now() + make_interval(secs => $2),
            attempts = attempts + 1, started_at = coalesce(started_at, now())
      WHERE id = (SELECT id FROM training_runs
                   WHERE state = 'queued' OR (state = 'running' AND lease_until < now()) LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, trigger, challenger, held_out_from AS "heldOutFrom", attempts, runner`,
    [runner, leaseSeconds],
  );
  const [run] = rows;
  if (!run) return null;
  if (run.attempts <= maxAttempts) return run;
  const error = `the training process was killed ${maxAttempts} times; see the logs of the replicas`;
  await endRun(manager, run, { state: 'failed', error });
  return null;
}

/** Renews the lease. @throws LeaseLost | RunCancelled */
export async function renewLease(manager: EntityManager, run: ClaimedRun): Promise<void> {
  const [rows] = await manager.query<[{ cancelRequested: boolean }[], number]>(
    `UPDATE training_runs SET lease_until = now() + make_interval(secs => $3)
      WHERE id = $1 AND runner = $2 AND state = 'running' RETURNING cancel_requested AS "cancelRequested"`,
    [run.id, run.runner, leaseSeconds],
  );
  if (!rows[0]) throw new LeaseLost(`training run ${run.id} is claimed by another replica`);
  if (rows[0].cancelRequested) throw new RunCancelled(`training run ${run.id} was cancelled`);
}

export interface RunUpdate {
  phase?: string;
  progress?: number | null;
  note?: string | null;
  arguments?: object;
  curves?: object[];
  challenger?: string;
  champion?: string;
  heldOutFrom?: SplitPoint;
}

/** Stores the progress. @throws LeaseLost */
export async function updateRun(manager: EntityManager, run: ClaimedRun, update: RunUpdate): Promise<void> {
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  const [rows] = await manager.query<[{ phase: string | null; progress: number | null }[], number]>(
    `UPDATE training_runs SET phase = coalesce($3, phase), progress = CASE WHEN $4 THEN $5 ELSE progress END,
            note = CASE WHEN $4 THEN $6 ELSE note END, arguments = coalesce($7, arguments), curves = coalesce($8, curves),
            challenger = coalesce($9, challenger), champion = coalesce($10, champion),
            held_out_from = coalesce($11, held_out_from)
      WHERE id = $1 AND runner = $2 AND state = 'running' RETURNING phase, progress`,
    [
      run.id,
      run.runner,
      update.phase ?? null,
      update.phase !== undefined,
      update.progress ?? null,
      update.note ?? null,
      json(update.arguments),
      json(update.curves),
      update.challenger ?? null,
      update.champion ?? null,
      json(update.heldOutFrom),
    ],
  );
  const [row] = rows;
  if (!row) throw new LeaseLost(`training run ${run.id} is claimed by another replica`);
  if (update.phase !== undefined) await notifyTrainingRun(manager, { id: run.id, state: 'running', ...row });
}

export interface FinishedTraining {
  requestedBy: string;
  /** The version that it trained and that serves now */
  challenger: string;
  startedAt: Date;
  arguments: object;
  curves: object[];
}

/** Records a first training that ran outside the queue, after it has ended. */
export async function recordFirstRun(manager: EntityManager, run: FinishedTraining): Promise<void> {
  await manager.query(
    `INSERT INTO training_runs (trigger, requested_by, state, challenger, arguments, curves, attempts, created_at, started_at, ended_at)
     VALUES ('first', $1, 'promoted', $2, $3, $4, 1, $5, $5, now())`,
    [run.requestedBy, run.challenger, run.arguments, JSON.stringify(run.curves), run.startedAt],
  );
}

export interface RunEnd {
  state: RunState;
  error?: string;
  comparison?: Comparison;
  verdict?: Verdict;
}

/** @throws LeaseLost; the whole transaction must be rolled back then */
export async function endRun(manager: EntityManager, run: ClaimedRun, end: RunEnd): Promise<void> {
  const { state, error = null, comparison = null, verdict = null } = end;
  const [, changed] = await manager.query<[unknown, number]>(
    `UPDATE training_runs SET state = $3, error = $4, comparison = $5, verdict = $6, phase = NULL, progress = NULL,
            note = NULL, lease_until = NULL, ended_at = now()
      WHERE id = $1 AND runner = $2 AND state = 'running'`,
    [run.id, run.runner, state, error, comparison, verdict],
  );
  if (changed === 0) throw new LeaseLost(`training run ${run.id} is claimed by another replica`);
  await notifyTrainingRun(manager, { id: run.id, state, phase: null, progress: null });
}

/** Queues the run again; the attempt counts. */
export async function retryRun(manager: EntityManager, run: ClaimedRun): Promise<void> {
  await manager.query(
    `UPDATE training_runs SET state = 'queued', runner = NULL, lease_until = NULL
      WHERE id = $1 AND runner = $2 AND state = 'running'`,
    [run.id, run.runner],
  );
}

/** Releases the lease: another replica, or the next start, claims the run at once; the attempt does not count. */
export async function releaseRun(manager: EntityManager, run: ClaimedRun): Promise<void> {
  await manager.query(
    `UPDATE training_runs SET state = 'queued', runner = NULL, lease_until = NULL, attempts = attempts - 1
      WHERE id = $1 AND runner = $2 AND state = 'running'`,
    [run.id, run.runner],
  );
}
