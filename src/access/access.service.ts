import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Role } from '../records/access/api-token.entity.js';
import { recordAudit } from './audit-log.js';
import { UnknownNames } from './lock-out.js';
import type { Actor } from './roles.js';
import { hashSecret, newSecret } from './secrets.js';
import { checkPassword, type PasswordCheck } from './users.js';

/** Cache lifetime: a revoked token works for at most this long. */
const cacheTtlMs = 5_000;
const maxCacheEntries = 10_000;
export const sessionSeconds = 12 * 3600;
const handOverSeconds = 30;

/** Authenticates tokens and sessions. */
@Injectable()
export class AccessService {
  private readonly unknownNames = new UnknownNames();
  private readonly cache = new Map<string, { actor: Actor | null; until: number }>();

  constructor(private readonly dataSource: DataSource) {}

  /** @returns null if the token is unknown, expired or revoked */
  findByToken(token: string): Promise<Actor | null> {
    return this.cached(token, async (hash) => {
      const [row]: Actor[] = await this.dataSource.query(
        `SELECT name, role, read_only AS "readOnly" FROM api_tokens
          WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
        [hash],
      );
      return row ?? null;
    });
  }

  /** @returns null if the session is unknown or expired */
  findBySession(secret: string): Promise<Actor | null> {
    return this.cached(secret, async (hash) => {
      const [row]: Actor[] = await this.dataSource.query(
        `SELECT name, role FROM sessions WHERE hash = $1 AND kind = 'session' AND expires_at > now()`,
        [hash],
      );
      return row ?? null;
    });
  }

  /** Exchanges a one-time link for a session. @returns the session's secret; null if the link was used or has expired */
  redeemLink(code: string): Promise<string | null> {
    return this.redeem(code, 'link');
  }

  /**
   * Allows a frame of this service to start a session like this one, within half a minute.
   *
   * @returns a code that works once; null if the session is unknown or expired
   */
  async handOver(secret: string): Promise<string | null> {
    const code = newSecret('rrh_');
    const rows: unknown[] = await this.dataSource.query(
      `INSERT INTO sessions (hash, kind, name, role, expires_at, user_id)
       SELECT $1, 'hand-over', name, role, now() + make_interval(secs => $2), user_id
         FROM sessions WHERE hash = $3 AND kind = 'session' AND expires_at > now() RETURNING 1`,
      [hashSecret(code), handOverSeconds, hashSecret(secret)],
    );
    return rows.length > 0 ? code : null;
  }

  /** Exchanges a hand-over code for a session. @returns its secret; null if the code was used or has expired */
  redeemHandOver(code: string): Promise<string | null> {
    return this.redeem(code, 'hand-over');
  }

  /** Signs in an actor that the identity provider has authenticated. @returns the session's secret */
  signIn(actor: Actor): Promise<string> {
    return this.dataSource.transaction(async (manager) => {
      await recordAudit(manager, { actor: actor.name, action: 'sign-in', target: actor.name, detail: { by: 'oidc' } });
      return startSession(manager, actor);
    });
  }

  async signInWithPassword(
    name: string,
    password: string,
    now: Date,
  ): Promise<{ outcome: 'right'; secret: string } | Exclude<PasswordCheck, { outcome: 'right' }>> {
    const { manager } = this.dataSource;
    const check = await checkPassword(manager, name, password, { now, unknownNames: this.unknownNames });
    if (check.outcome !== 'right') return check;
    await recordAudit(manager, {
      actor: check.name,
      action: 'sign-in',
      target: check.name,
      detail: { by: 'password' },
    });
    const { role } = check;
    return { outcome: 'right', secret: await startSession(manager, { name: check.name, role, userId: check.id }) };
  }

  /** Whether there are users, who sign in with a password */
  async hasUsers(): Promise<boolean> {
    const [row]: { exists: boolean }[] = await this.dataSource.query('SELECT EXISTS (SELECT 1 FROM users)');
    return row?.exists ?? false;
  }

  async signOut(secret: string): Promise<void> {
    this.cache.clear();
    await this.dataSource.query('DELETE FROM sessions WHERE hash = $1', [hashSecret(secret)]);
  }

  private redeem(code: string, kind: 'link' | 'hand-over'): Promise<string | null> {
    return this.dataSource.transaction(async (manager) => {
      const [rows] = await manager.query<[(Actor & { userId: number | null })[], number]>(
        `DELETE FROM sessions WHERE hash = $1 AND kind = $2 AND expires_at > now()
         RETURNING name, role, user_id AS "userId"`,
        [hashSecret(code), kind],
      );
      const [actor] = rows;
      return actor ? startSession(manager, actor) : null;
    });
  }

  private async cached(secret: string, load: (hash: Buffer) => Promise<Actor | null>): Promise<Actor | null> {
    const hash = hashSecret(secret);
    const key = hash.toString('base64');
    const now = Date.now();
    const known = this.cache.get(key);
    if (known && known.until > now) return known.actor;
    const actor = await load(hash);
    if (this.cache.size >= maxCacheEntries) this.cache.clear();
    this.cache.set(key, { actor, until: now + cacheTtlMs });
    return actor;
  }
}

/** @returns a path that signs a browser in, once, within `seconds` */
export async function createSignInLink(manager: EntityManager, actor: Actor, seconds: number): Promise<string> {
  await manager.query('DELETE FROM sessions WHERE expires_at < now()');
  const secret = newSecret('rrl_');
  await insertSession(manager, { secret, kind: 'link', seconds, ...actor });
  return `/sign-in?code=${secret}`;
}

/** @returns its secret */
async function startSession(manager: EntityManager, who: Actor & { userId?: number | null }): Promise<string> {
  const secret = newSecret('rrs_');
  await insertSession(manager, { secret, kind: 'session', seconds: sessionSeconds, ...who });
  return secret;
}

async function insertSession(
  manager: EntityManager,
  session: {
    secret: string;
    kind: 'session' | 'link';
    seconds: number;
    name: string;
    role: Role;
    userId?: number | null;
  },
): Promise<void> {
  const { secret, kind, name, role, seconds, userId = null } = session;
  await manager.query(
    `INSERT INTO sessions (hash, kind, name, role, expires_at, user_id)
     VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), $6)`,
    [hashSecret(secret), kind, name, role, seconds, userId],
  );
}
