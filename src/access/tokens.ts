import type { EntityManager } from 'typeorm';
import type { Role } from '../records/access/api-token.entity.js';
import { recordAudit } from './audit-log.js';
import { hashSecret, newSecret } from './secrets.js';

export interface TokenRow {
  name: string;
  role: Role;
  readOnly: boolean;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

/** @returns the token, which is not shown again; null if a token of this name is active */
export async function addToken(
  manager: EntityManager,
  token: {
    name: string;
    role: Role;
    readOnly?: boolean | undefined;
    expiresInDays?: number | undefined;
    actor: string;
  },
): Promise<string | null> {
  const { readOnly = false } = token;
  const secret = newSecret('rr_');
  const inserted: unknown[] = await manager.query(
    `INSERT INTO api_tokens (name, hash, role, expires_at, read_only)
     VALUES ($1, $2, $3, now() + make_interval(days => $4::int), $5)
     ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING id`,
    [token.name, hashSecret(secret), token.role, token.expiresInDays ?? null, readOnly],
  );
  if (inserted.length === 0) return null;
  const { actor, name, role } = token;
  await recordAudit(manager, { actor, action: 'token.add', target: name, detail: { role, readOnly } });
  return secret;
}

/** @returns false if no token of this name is active */
export async function revokeToken(manager: EntityManager, name: string, actor: string): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>(
    'UPDATE api_tokens SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL',
    [name],
  );
  if (count > 0) await recordAudit(manager, { actor, action: 'token.revoke', target: name });
  return count > 0;
}

export function listTokens(manager: EntityManager): Promise<TokenRow[]> {
  return manager.query(
    `SELECT name, role, read_only AS "readOnly", created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt"
       FROM api_tokens ORDER BY name, created_at`,
  );
}
