/**
 * The advisory locks of PostgreSQL. All numbers are here, because work that shares a number waits for unrelated work.
 * Rows and names that are locked by a hash are in ticket-lock.ts and below.
 */
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

export const advisoryLocks = {
  migration: 7_263_554_018,
  /** Taken together with the number of the key range */
  outboxRange: 1_919_250_541,
  monitor: 1_919_250_543,
  rolloutWatch: 1_919_250_544,
  retrainSchedule: 1_919_250_545,
  retention: 1_919_250_546,
} as const;

export type AdvisoryLock = keyof typeof advisoryLocks;

/** Waits for the lock, which is held until the transaction ends. */
export async function lockInTransaction(manager: EntityManager, lock: AdvisoryLock): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1)', [advisoryLocks[lock]]);
}

/** As `lockInTransaction`, by a name, such as that of a row that may not exist yet. */
export async function lockNameInTransaction(manager: EntityManager, name: string): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
}

/** @returns false if another transaction holds the lock; otherwise it is held until this one ends */
export async function tryLockInTransaction(manager: EntityManager, lock: AdvisoryLock): Promise<boolean> {
  const [row]: { locked: boolean }[] = await manager.query('SELECT pg_try_advisory_xact_lock($1) AS locked', [
    advisoryLocks[lock],
  ]);
  return row?.locked ?? false;
}

/** @returns false if another session holds the lock of this key; otherwise it is held until this connection unlocks or ends */
export async function tryLockInSession(runner: QueryRunner, lock: AdvisoryLock, key: number): Promise<boolean> {
  const [row] = (await runner.query('SELECT pg_try_advisory_lock($1, $2) AS locked', [advisoryLocks[lock], key])) as {
    locked: boolean;
  }[];
  return row?.locked ?? false;
}

/** Waits for the lock and does the work while it is held. */
export async function withLock<T>(source: DataSource, lock: AdvisoryLock, work: () => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [advisoryLocks[lock]]);
    return await work();
  } finally {
    await unlock(runner, lock);
    await runner.release();
  }
}

/** Does the work if no other session holds the lock. */
export async function ifUnlocked(source: DataSource, lock: AdvisoryLock, work: () => Promise<void>): Promise<void> {
  const runner = source.createQueryRunner();
  let locked = false;
  try {
    const [row] = (await runner.query('SELECT pg_try_advisory_lock($1) AS locked', [advisoryLocks[lock]])) as {
      locked: boolean;
    }[];
    locked = row?.locked ?? false;
    if (locked) await work();
  } finally {
    if (locked) await unlock(runner, lock);
    await runner.release();
  }
}

/** A connection that is gone has lost its locks. */
async function unlock(runner: QueryRunner, lock: AdvisoryLock): Promise<void> {
  await runner.query('SELECT pg_advisory_unlock($1)', [advisoryLocks[lock]]).catch(() => undefined);
}
