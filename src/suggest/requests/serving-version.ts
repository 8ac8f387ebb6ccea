import type { EntityManager } from 'typeorm';
import type { Candidate } from '../../models/ranker.js';

/** What ranks until a model has been trained: the templates' own text. */
export const textMatchVersion = 'text-match';

/** SQL of the class weights in service, a row or none. */
const classWeightsSql = `SELECT id, weights FROM reweightings
  WHERE ended_at IS NULL AND model_version = (SELECT version FROM model_aliases WHERE alias = 'champion')`;

/** SQL of the canary that ranks a share of tickets, 0 where there is none. */
const canarySql = `coalesce((SELECT id FROM rollouts WHERE ended_at IS NULL AND mode = 'canary'), 0)`;

/** SQL of one text that changes whenever the champion, its class weights, a canary or a template does. */
export const servingStampSql = `(SELECT coalesce((SELECT version FROM model_aliases WHERE alias = 'champion'), '${textMatchVersion}')
  || ' ' || coalesce((SELECT id FROM (${classWeightsSql}) AS w), 0) || ' ' || ${canarySql} || ' ' || count(*) || ' ' || coalesce(sum(revision), 0) || ' ' || coalesce(max(updated_at)::text, '') FROM templates)`;

/** Which champion the database names now, in which folder below MODEL_DIR, and the stamp of it and the templates. */
export interface ServingVersion {
  version: string;
  folder: string | null;
  stamp: string;
}

/** The templates that are allowed, with the weights that a decision has put into service. */
export function loadCandidates(manager: EntityManager): Promise<Candidate[]> {
  return manager.query(
    `SELECT t.id AS "templateId", t.title, t.body, t.contact_types AS "contactTypes",
            coalesce((w.weights ->> t.id)::float8, 1) AS weight,
            coalesce(m.merged, '{}') AS merged
       FROM templates t LEFT JOIN (${classWeightsSql}) AS w ON true
       LEFT JOIN (SELECT heir, array_agg(id ORDER BY id) AS merged FROM template_heirs WHERE id <> heir GROUP BY heir) AS m
              ON m.heir = t.id
      WHERE t.state = 'allowed' ORDER BY t.id`,
  );
}

export async function loadServingVersion(manager: EntityManager): Promise<ServingVersion> {
  const [row]: { version: string | null; folder: string | null; stamp: string }[] = await manager.query(
    `SELECT v.version, v.folder, ${servingStampSql} AS stamp
       FROM (SELECT 1) AS one
       LEFT JOIN model_aliases a ON a.alias = 'champion' LEFT JOIN model_versions v ON v.version = a.version`,
  );
  return { version: row?.version ?? textMatchVersion, folder: row?.folder ?? null, stamp: row?.stamp ?? '' };
}
