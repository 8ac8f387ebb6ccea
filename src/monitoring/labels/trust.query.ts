import type { EntityManager } from 'typeorm';
import { shownFirstSql, suggestionOfChoiceSql } from '../../suggest/choices/shown-first.js';
import { posteriorTrust, type Acceptance, type Trust } from './trust.js';

/** Older labels add little, and agents change. */
const maxTickets = 10_000;

/** Trust bias by the newest labels. */
export async function loadTrust(manager: EntityManager): Promise<Trust> {
  const [row]: Acceptance[] = await manager.query(
    `SELECT count(*) FILTER (WHERE chosen AND shown IS NOT NULL)::int AS shown,
            count(*) FILTER (WHERE chosen AND shown = template)::int AS accepted,
            count(*) FILTER (WHERE NOT chosen AND suggested IS NOT NULL)::int AS audited,
            count(*) FILTER (WHERE NOT chosen AND suggested = template)::int AS right
       FROM (SELECT l.template_id AS template, l.provenance <> 'audit' AS chosen, s.template AS suggested,
                    ${shownFirstSql} AS shown
               FROM (SELECT * FROM labels WHERE provenance <> 'history' AND template_id IS NOT NULL
                      ORDER BY ticket DESC LIMIT ${maxTickets}) l
               JOIN tickets t ON t.id = l.ticket LEFT JOIN choices c ON c.id = l.choice ${suggestionOfChoiceSql}
              WHERE NOT t.sample) AS each`,
  );
  if (!row) throw new Error('a count has one row');
  return posteriorTrust(row);
}
