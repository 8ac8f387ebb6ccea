import type { EntityManager } from 'typeorm';

/** What ranks until a model has been trained: the templates' own text. */
export const textMatchVersion = 'text-match';

/** SQL of one text that changes whenever the champion or a template does. */
export const stampSql = `(SELECT coalesce((SELECT version FROM model_aliases WHERE alias = 'champion'), '${textMatchVersion}')
  || ' ' || count(*) || ' ' || coalesce(sum(revision), 0) || ' ' || coalesce(max(updated_at)::text, '') FROM templates)`;

/** Which champion the database names now, in which folder below MODEL_DIR, and the stamp of it and the templates. */
export interface WantedModel {
  version: string;
  folder: string | null;
  stamp: string;
}

export async function wantedModel(manager: EntityManager): Promise<WantedModel> {
  const [row]: { version: string | null; folder: string | null; stamp: string }[] = await manager.query(
    `SELECT v.version, v.folder, ${stampSql} AS stamp
       FROM (SELECT 1) AS one
       LEFT JOIN model_aliases a ON a.alias = 'champion' LEFT JOIN model_versions v ON v.version = a.version`,
  );
  return { version: row?.version ?? textMatchVersion, folder: row?.folder ?? null, stamp: row?.stamp ?? '' };
}
