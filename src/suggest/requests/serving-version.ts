import type { EntityManager } from 'typeorm';
import type { Candidate } from '../../models/ranker.js';
import { championSql } from './champion.js';

/** The version that serves until a model has been trained: similarity to the templates' text. */
export const textMatchVersion = 'text-match';

/** SQL of the active class weights (prior correction): one row or none. */
const classWeightsSql = `SELECT id, weights FROM reweightings
  WHERE ended_at IS NULL AND model_version = ${championSql}`;

/** SQL of the active canary's id; 0 without a canary. */
const canarySql = `coalesce((SELECT id FROM rollouts WHERE ended_at IS NULL AND mode = 'canary'), 0)`;

/** SQL of a text that changes whenever the champion, its class weights, the canary or a template changes. */
export const servingStampSql = `(SELECT coalesce(${championSql}, '${textMatchVersion}')
  || ' ' || coalesce((SELECT id FROM (${classWeightsSql}) AS w), 0) || ' ' || ${canarySql} || ' ' || count(*) || ' ' || coalesce(sum(revision), 0) || ' ' || coalesce(max(updated_at)::text, '') FROM templates)`;

/** The version that should serve now, its folder in MODEL_DIR, and the stamp of version and templates. */
export interface ServingVersion {
  version: string;
  folder: string | null;
  stamp: string;
}

/** The active templates with their class weights. */
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
       FROM (SELECT 1) AS single LEFT JOIN model_versions v ON v.version = ${championSql}`,
  );
  return { version: row?.version ?? textMatchVersion, folder: row?.folder ?? null, stamp: row?.stamp ?? '' };
}
