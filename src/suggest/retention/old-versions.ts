/** Deletes model versions that are no longer needed. */
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { Config } from '../../config/config.js';
import { removeModel } from '../../models/versions/remove-model.js';
import { previousChampion } from '../versions/model-registry.js';

/**
 * @param versions newest first
 * @param needed never deleted: champion, challenger, previous champion, rollout
 * @param keep number of other versions to keep
 */
export function versionsToDelete(versions: readonly string[], needed: ReadonlySet<string>, keep: number): string[] {
  return versions.filter((version) => !needed.has(version)).slice(keep);
}

/** Deletes rows before folders: a folder that a crash leaves behind is no longer referenced. @returns number of versions */
export async function deleteOldVersions(
  dataSource: DataSource,
  { MODEL_DIR, STORE_DIR, RETRAIN_KEEP_VERSIONS }: Pick<Config, 'MODEL_DIR' | 'STORE_DIR' | 'RETRAIN_KEEP_VERSIONS'>,
): Promise<number> {
  const old = await dataSource.transaction(async (manager) => {
    const rows: { version: string; folder: string }[] = await manager.query(
      'SELECT version, folder FROM model_versions ORDER BY created_at DESC, version DESC FOR UPDATE',
    );
    const inUse: { version: string }[] = await manager.query(
      `SELECT version FROM model_aliases UNION SELECT version FROM rollouts WHERE ended_at IS NULL
       UNION SELECT challenger FROM training_runs WHERE state IN ('queued', 'running', 'rollout') AND challenger IS NOT NULL`,
    );
    const needed = new Set(inUse.map(({ version }) => version));
    const previous = await previousChampion(manager);
    if (previous !== null) needed.add(previous);
    const names = rows.map(({ version }) => version);
    const unneeded = new Set(versionsToDelete(names, needed, RETRAIN_KEEP_VERSIONS));
    await manager.query('DELETE FROM model_versions WHERE version = ANY ($1::text[])', [[...unneeded]]);
    return rows.filter(({ version }) => unneeded.has(version));
  });
  for (const { folder } of old) await removeModel(join(MODEL_DIR, folder), [STORE_DIR, join(MODEL_DIR, 'cache')]);
  return old.length;
}
