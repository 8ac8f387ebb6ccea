import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Role } from '../records/access/api-token.entity.js';
import { recordAudit } from './audit-log.js';
import type { Actor } from './roles.js';
import { hashOf, newSecret } from './secrets.js';
import { checkPassword, type PasswordCheck } from './users.js';

/** How long an answer about a secret is believed: a revoked token lives on for at most so long. */
const believedMs = 5_000;
const mostRemembered = 10_000;
export const sessionSeconds = 12 * 3600;
const handOverSeconds = 30;

/** Who a token or a session belongs to. */
@Injectable()
export class AccessService {
  private readonly known = new Map<string, { actor: Actor | null; until: number }>();

  constructor(private readonly dataSource: DataSource) {}

  /** @returns null where the token is unknown, expired or revoked */
  ofToken(token: string): Promise<Actor | null> {
    return this.remembered(token, async (hash) => {
      const [row]: Actor[] = await this.dataSource.query(
        `SELECT name, role, read_only AS "readOnly" FROM api_tokens
          WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
        [hash],
      );
      return row ?? null;
    });
  }

  /** @returns null where the session is unknown or over */
  ofSession(secret: string): Promise<Actor | null> {
    return this.remembered(secret, async (hash) => {
      const [row]: Actor[] = await this.dataSource.query(
        `SELECT name, role FROM sessions WHERE hash = $1 AND kind = 'session' AND expires_at > now()`,
        [hash],
      );
      return row ?? null;
    });
  }

  /** Turns a one-time link into a session. @returns the session's secret; null where the link is used up or too old */
  redeemLink(code: string): Promise<string | null> {
    return this.redeem(code, 'link');
  }

  /**
   * Half a minute for a frame of ours to begin a session like this one.
   *
   * @returns a code that works once; null where the session is unknown or over
   */
  async handOver(secret: string): Promise<string | null> {
    const code = newSecret('rrh_');
    const rows: unknown[] = await this.dataSource.query(
      `INSERT INTO sessions (hash, kind, name, role, expires_at, user_id)
       SELECT $1, 'hand-over', name, role, now() + make_interval(secs => $2), user_id
         FROM sessions WHERE hash = $3 AND kind = 'session' AND expires_at > now() RETURNING 1`,
      [hashOf(code), handOverSeconds, hashOf(secret)],
    );
    return rows.length > 0 ? code : null;
  }

  /** Turns what was handed over into a session. @returns its secret; null where the code is used up or too old */
  redeemHandOver(code: string): Promise<string | null> {
    return this.redeem(code, 'hand-over');
  }

  /** Somebody whom an identity provider has confirmed. @returns the session's secret */
  signIn(actor: Actor): Promise<string> {
    return this.dataSource.transaction(async (manager) => {
      await recordAudit(manager, { actor: actor.name, action: 'sign-in', target: actor.name, detail: { by: 'oidc' } });
      return beginSession(manager, actor);
    });
  }

  async signInWithPassword(
    name: string,
    password: string,
    now: Date,
  ): Promise<{ outcome: 'right'; secret: string } | Exclude<PasswordCheck, { outcome: 'right' }>> {
    const { manager } = this.dataSource;
    const check = await checkPassword(manager, name, password, now);
    if (check.outcome !== 'right') return check;
    await recordAudit(manager, {
      actor: check.name,
      action: 'sign-in',
      target: check.name,
      detail: { by: 'password' },
    });
    const { role } = check;
    return { outcome: 'right', secret: await beginSession(manager, { name: check.name, role, userId: check.id }) };
  }

  /** Whether anybody can sign in with a password. */
  async hasUsers(): Promise<boolean> {
    const [row]: { exists: boolean }[] = await this.dataSource.query('SELECT EXISTS (SELECT 1 FROM users)');
    return row?.exists ?? false;
  }

  async signOut(secret: string): Promise<void> {
    this.known.clear();
    await this.dataSource.query('DELETE FROM sessions WHERE hash = $1', [hashOf(secret)]);
  }

  private redeem(code: string, kind: 'link' | 'hand-over'): Promise<string | null> {
    return this.dataSource.transaction(async (manager) => {
      const [rows] = await manager.query<[(Actor & { userId: number | null })[], number]>(
        `DELETE FROM sessions WHERE hash = $1 AND kind = $2 AND expires_at > now()
         RETURNING name, role, user_id AS "userId"`,
        [hashOf(code), kind],
      );
      const [actor] = rows;
      return actor ? beginSession(manager, actor) : null;
    });
  }

  private async remembered(secret: string, look: (hash: Buffer) => Promise<Actor | null>): Promise<Actor | null> {
    const hash = hashOf(secret);
    const key = hash.toString('base64');
    const now = Date.now();
    const known = this.known.get(key);
    if (known && known.until > now) return known.actor;
    const actor = await look(hash);
    if (this.known.size >= mostRemembered) this.known.clear();
    this.known.set(key, { actor, until: now + believedMs });
    return actor;
  }
}

/** A path that signs a browser in, once, within `seconds`. */
export async function createSignInLink(manager: EntityManager, actor: Actor, seconds: number): Promise<string> {
  await manager.query('DELETE FROM sessions WHERE expires_at < now()');
  const secret = newSecret('rrl_');
  await insertSession(manager, { secret, kind: 'link', seconds, ...actor });
  return `/sign-in?code=${secret}`;
}

/** @returns its secret */
async function beginSession(manager: EntityManager, who: Actor & { userId?: number | null }): Promise<string> {
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
    [hashOf(secret), kind, name, role, seconds, userId],
  );
}
