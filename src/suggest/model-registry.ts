import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { EntityManager } from 'typeorm';
import type { Alias } from '../records/model-alias.entity.js';
import { requestRankingOfOpenTickets } from './ranking-request.js';

/** Tells the database of a finished model folder. @returns its version */
export async function registerModel(manager: EntityManager, folder: string): Promise<string> {
  const metadata = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as { version: string };
  await manager.query(
    `INSERT INTO model_versions (version, folder, metadata) VALUES ($1, $2, $3) ON CONFLICT (version) DO NOTHING`,
    [metadata.version, basename(folder), metadata],
  );
  return metadata.version;
}

/** There is no such version; nothing has been changed. */
export class UnknownVersion extends Error {
  override readonly name = 'UnknownVersion';
}

/** Moves an alias. A new champion ranks the open tickets again, in the background. */
export async function moveAlias(manager: EntityManager, alias: Alias, version: string, actor: string): Promise<void> {
  const known: unknown[] = await manager.query('SELECT 1 FROM model_versions WHERE version = $1', [version]);
  if (known.length === 0) throw new UnknownVersion(`there is no model version ${version}`);
  await manager.query(
    `INSERT INTO model_aliases (alias, version) VALUES ($1, $2)
     ON CONFLICT (alias) DO UPDATE SET version = EXCLUDED.version, moved_at = now()`,
    [alias, version],
  );
  await manager.query('INSERT INTO model_alias_moves (alias, version, actor) VALUES ($1, $2, $3)', [
    alias,
    version,
    actor,
  ]);
  if (alias === 'champion') await requestRankingOfOpenTickets(manager, 'model');
}

/** The champion before the present one; null where there was none. */
export async function previousChampion(manager: EntityManager): Promise<string | null> {
  const [row]: { version: string }[] = await manager.query(
    `SELECT m.version FROM model_alias_moves m
      WHERE m.alias = 'champion' AND m.version <> (SELECT version FROM model_aliases WHERE alias = 'champion')
      ORDER BY m.id DESC LIMIT 1`,
  );
  return row?.version ?? null;
}
