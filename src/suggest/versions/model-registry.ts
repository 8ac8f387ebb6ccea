import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { referenceFile } from '../../models/training/held-out-tickets.js';
import type { Alias } from '../../records/models/model-alias.entity.js';
import { loadChampionMoves } from '../requests/champion.js';
import { requestRankingForOpenTickets } from '../requests/ranking-request.js';
import type { EnglishMessage } from '../../messages/localized-message.js';
import { notifyModels } from '../../events/change-events.js';

/** The version has no drift reference, so it can't be monitored. Nothing was changed. */
export class MissingDriftReference extends Error {
  override readonly name = 'NoReference';
}

/**
 * Registers a finished model folder in the database.
 *
 * @returns its version
 * @throws MissingDriftReference if it has no drift reference: a version that can't be monitored can't be promoted
 */
export async function registerModel(manager: EntityManager, folder: string): Promise<string> {
  const metadata = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as { version: string };
  if (!existsSync(join(folder, referenceFile))) {
    throw new MissingDriftReference(
      `model version ${metadata.version} has no ${referenceFile}; train it again to create one`,
    );
  }
  await manager.query(
    `INSERT INTO model_versions (version, folder, metadata) VALUES ($1, $2, $3) ON CONFLICT (version) DO NOTHING`,
    [metadata.version, basename(folder), metadata],
  );
  return metadata.version;
}

/** The version does not exist. Nothing was changed. */
export class UnknownVersion extends Error {
  override readonly name = 'UnknownVersion';
}

/**
 * Moves an alias. A new champion re-ranks the open tickets in the background; naming the current version changes nothing.
 *
 * @throws UnknownVersion
 */
export async function moveAlias(
  manager: EntityManager,
  alias: Alias,
  version: string,
  actor: string,
  reason: EnglishMessage | null = null,
): Promise<void> {
  const known: unknown[] = await manager.query('SELECT 1 FROM model_versions WHERE version = $1', [version]);
  if (known.length === 0) throw new UnknownVersion(`model version ${version} does not exist`);
  const moved: unknown[] = await manager.query(
    `INSERT INTO model_aliases AS a (alias, version) VALUES ($1, $2)
     ON CONFLICT (alias) DO UPDATE SET version = EXCLUDED.version, moved_at = now() WHERE a.version <> EXCLUDED.version
     RETURNING alias`,
    [alias, version],
  );
  if (moved.length === 0) return;
  await manager.query(
    'INSERT INTO model_alias_moves (alias, version, actor, reason, message) VALUES ($1, $2, $3, $4, $5)',
    [alias, version, actor, reason?.sentence ?? null, reason?.message ?? null],
  );
  if (alias === 'champion') await requestRankingForOpenTickets(manager, 'model');
  await notifyModels(manager);
}

/** The version that a rollback restores; null if there is none. */
export async function previousChampion(manager: EntityManager): Promise<string | null> {
  const moves = await loadChampionMoves(manager);
  return rollbackTarget(moves.map(({ version }) => version));
}

/**
 * The version that a rollback restores. A move back to the previous version counts as a rollback itself, so several rollbacks
 * in a row go further back and never forward to a version that was rolled back.
 *
 * @param moves champions in the order of their promotion
 */
export function rollbackTarget(moves: string[]): string | null {
  const history: string[] = [];
  for (const version of moves) {
    if (history.at(-2) === version) history.pop();
    else if (history.at(-1) !== version) history.push(version);
  }
  return history.at(-2) ?? null;
}
