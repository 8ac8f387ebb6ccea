/** Users who sign in with a password, managed by the command line */
import { hash, verify } from '@node-rs/argon2';
import type { EntityManager } from 'typeorm';
import type { Role } from '../records/access/api-token.entity.js';
import { recordAudit } from './audit-log.js';
import { lockDuration, type UnknownNames } from './lock-out.js';

/**
 * argon2id with 19 MiB and two passes, as in OWASP's Password Storage Cheat Sheet
 */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Verified for unknown names, so that the response takes as long as for known ones */
const dummyHash = '$argon2id$v=19$m=19456,t=2,p=1$aLqu+5lvSsv4A6WR1uJyuA$/BzbOMjcnnp6PBv8F0cNbqcPklqEIJRKbnjBaWR1NzA';

export const minPasswordLength = 12;
/** argon2 hashes any length; longer passwords would only cost time. */
export const maxPasswordLength = 256;

export interface UserRow {
  name: string;
  role: Role;
  createdAt: Date;
  lockedUntil: Date | null;
}

/** @returns false if a user of this name exists */
export async function addUser(
  manager: EntityManager,
  user: { name: string; role: Role; password: string; actor: string },
): Promise<boolean> {
  const { name, role, password, actor } = user;
  const inserted: unknown[] = await manager.query(
    `INSERT INTO users (name, role, password_hash) VALUES ($1, $2, $3) ON CONFLICT (lower(name)) DO NOTHING RETURNING id`,
    [name, role, await hash(password, cost)],
  );
  if (inserted.length > 0) await recordAudit(manager, { actor, action: 'user.add', target: name, detail: { role } });
  return inserted.length > 0;
}

/** A new password or role ends the user's sessions. @returns false if no user of this name exists */
export async function changeUser(
  manager: EntityManager,
  change: { name: string; role?: Role | undefined; password?: string | undefined; actor: string },
): Promise<boolean> {
  const { name, role, password, actor } = change;
  const [rows] = await manager.query<[{ id: number }[], number]>(
    `UPDATE users SET role = coalesce($2, role), password_hash = coalesce($3, password_hash),
            failed_attempts = 0, locked_until = NULL
      WHERE lower(name) = lower($1) RETURNING id`,
    [name, role ?? null, password === undefined ? null : await hash(password, cost)],
  );
  const [user] = rows;
  if (!user) return false;
  await manager.query('DELETE FROM sessions WHERE user_id = $1', [user.id]);
  const detail = { ...(role && { role }), ...(password !== undefined && { password: 'changed' }) };
  await recordAudit(manager, { actor, action: 'user.change', target: name, detail });
  return true;
}

/** Also deletes the user's sessions. @returns false if no user of this name exists */
export async function removeUser(manager: EntityManager, name: string, actor: string): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>('DELETE FROM users WHERE lower(name) = lower($1)', [name]);
  if (count > 0) await recordAudit(manager, { actor, action: 'user.remove', target: name });
  return count > 0;
}

/**
 * Ends sessions, one-time links and hand-overs: of one user, or all of them.
 *
 * @param name null: everybody, users of an identity provider included
 * @returns the number of sessions that were ended
 */
export async function endSessions(manager: EntityManager, name: string | null, actor: string): Promise<number> {
  const [, count] = await manager.query<[unknown[], number]>(
    'DELETE FROM sessions WHERE $1::text IS NULL OR lower(name) = lower($1)',
    [name],
  );
  await recordAudit(manager, {
    actor,
    action: 'user.sign-out',
    target: name ?? 'everybody',
    detail: { sessions: count },
  });
  return count;
}

export function listUsers(manager: EntityManager): Promise<UserRow[]> {
  return manager.query(
    `SELECT name, role, created_at AS "createdAt", locked_until AS "lockedUntil" FROM users ORDER BY lower(name)`,
  );
}

export type PasswordCheck =
  | { outcome: 'right'; id: number; name: string; role: Role }
  | { outcome: 'wrong' }
  | { outcome: 'locked'; until: Date };

/**
 * Checks a password and counts failed attempts. Not to be called in a transaction that may be rolled back, which would lose
 * the count.
 */
export async function checkPassword(
  manager: EntityManager,
  name: string,
  password: string,
  { now, unknownNames }: { now: Date; unknownNames: UnknownNames },
): Promise<PasswordCheck> {
  const [user]: { id: number; name: string; role: Role; passwordHash: string; lockedUntil: Date | null }[] =
    await manager.query(
      `SELECT id, name, role, password_hash AS "passwordHash", locked_until AS "lockedUntil"
         FROM users WHERE lower(name) = lower($1)`,
      [name],
    );
  const lockedUntil = user ? user.lockedUntil : unknownNames.lockedUntil(name);
  if (lockedUntil && lockedUntil > now) return { outcome: 'locked', until: lockedUntil };
  const isRight = await verify(user?.passwordHash ?? dummyHash, password);
  if (!user) {
    unknownNames.addFailure(name, now);
    return { outcome: 'wrong' };
  }
  if (isRight) {
    await manager.query('UPDATE users SET failed_attempts = 0, locked_until = NULL WHERE id = $1', [user.id]);
    return { outcome: 'right', id: user.id, name: user.name, role: user.role };
  }
  const [rows] = await manager.query<[{ failedAttempts: number }[], number]>(
    'UPDATE users SET failed_attempts = failed_attempts + 1 WHERE id = $1 RETURNING failed_attempts AS "failedAttempts"',
    [user.id],
  );
  const lockMs = lockDuration(rows[0]?.failedAttempts ?? 0);
  if (lockMs > 0) {
    const until = new Date(now.getTime() + lockMs);
    await manager.query('UPDATE users SET locked_until = $2 WHERE id = $1', [user.id, until]);
    await recordAudit(manager, { actor: user.name, action: 'user.locked', target: user.name, detail: { until } });
  }
  return { outcome: 'wrong' };
}
