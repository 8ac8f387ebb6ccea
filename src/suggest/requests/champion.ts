/** The champion in the database: the one place that names its alias in SQL. */
import type { EntityManager } from 'typeorm';

/** SQL of the champion's version; null before the first model. */
export const championSql = `(SELECT version FROM model_aliases WHERE alias = 'champion')`;

/** SQL of the time at which the champion changed last; null before the first model. */
export const championMovedAtSql = `(SELECT moved_at FROM model_aliases WHERE alias = 'champion')`;

export async function findChampion(manager: EntityManager): Promise<string | null> {
  const [row]: { version: string | null }[] = await manager.query(`SELECT ${championSql} AS version`);
  return row?.version ?? null;
}

export interface ChampionMove {
  version: string;
  actor: string;
  movedAt: Date;
}

/** Every change of the champion, oldest first. */
export function loadChampionMoves(manager: EntityManager): Promise<ChampionMove[]> {
  return manager.query(
    `SELECT version, actor, moved_at AS "movedAt" FROM model_alias_moves WHERE alias = 'champion' ORDER BY id`,
  );
}
