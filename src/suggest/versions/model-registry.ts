import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { referenceFile } from '../../models/training/held-out-tickets.js';
import type { Alias } from '../../records/model-alias.entity.js';
import { requestRankingForOpenTickets } from '../requests/ranking-request.js';
import type { EnglishMessage } from '../../messages/localized-message.js';
import { notifyModels } from '../../events/change-events.js';

/** A version can't be watched in service; nothing has been changed. */
export class MissingDriftReference extends Error {
  override readonly name = 'NoReference';
}

/**
 * Tells the database of a finished model folder.
 *
 * @returns its version
 * @throws NoReference where the folder has no drift reference: a version that can't be watched can't be promoted
 */
export async function registerModel(manager: EntityManager, folder: string): Promise<string> {
  const metadata = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as { version: string };
  if (!existsSync(join(folder, referenceFile))) {
    throw new MissingDriftReference(
      `model version ${metadata.version} has no ${referenceFile}: train it again to have one made`,
    );
  }
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

/**
 * Moves an alias. A new champion ranks the open tickets again, in the background; to name the present one changes nothing.
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
  if (known.length === 0) throw new UnknownVersion(`there is no model version ${version}`);
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

/** The champion that the present one took over from; null where there was none. */
export async function previousChampion(manager: EntityManager): Promise<string | null> {
  const moves: { version: string }[] = await manager.query(
    `SELECT version FROM model_alias_moves WHERE alias = 'champion' ORDER BY id`,
  );
  return rollbackTarget(moves.map(({ version }) => version));
}

/**
 * Where a roll-back leads. A move back to the one before is taken as a roll-back itself, so that several in a row lead
 * further and further back, and never forward to what was left for good reason.
 *
 * @param moves the champions in the order in which they became it
 */
export function rollbackTarget(moves: string[]): string | null {
  const history: string[] = [];
  for (const version of moves) {
    if (history.at(-2) === version) history.pop();
    else if (history.at(-1) !== version) history.push(version);
  }
  return history.at(-2) ?? null;
}
