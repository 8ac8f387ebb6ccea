/** Agents' acceptance of the suggestions of single versions. */
import type { EntityManager } from 'typeorm';
import type { Rollout } from '../../suggest/versions/rollouts.js';
import { shownFirstSql, suggestionOfChoiceSql } from '../../suggest/choices/shown-first.js';
import type { OutcomePair } from './acceptance-watch.js';

const maxTickets = 5_000;

interface AcceptanceOutcome {
  version: string;
  accepted: number;
}

/** Tickets on which the agent saw a suggestion, in the order of their labels. */
function loadOutcomes(
  manager: EntityManager,
  versions: string[],
  from: Date,
  until: Date | null,
): Promise<AcceptanceOutcome[]> {
  return manager.query(
    `SELECT s.version, (l.template_id IS NOT DISTINCT FROM ${shownFirstSql})::int AS accepted
       FROM labels l JOIN tickets t ON t.id = l.ticket JOIN choices c ON c.id = l.choice
       ${suggestionOfChoiceSql.replace('SELECT s.abstained', 'SELECT s.model_version AS version, s.created_at, s.abstained')}
      WHERE NOT t.sample AND NOT t.audit AND ${shownFirstSql} IS NOT NULL AND s.version = ANY ($1::text[])
        AND s.created_at >= $2 AND ($3::timestamptz IS NULL OR l.labelled_at < $3)
      ORDER BY l.labelled_at, l.ticket LIMIT ${maxTickets}`,
    [versions, from, until],
  );
}

/** Tickets of the canary and of the champion, paired in their order. */
export async function loadCanaryPairs(
  manager: EntityManager,
  rollout: Rollout,
  champion: string,
): Promise<OutcomePair[]> {
  const rows = await loadOutcomes(manager, [rollout.version, champion], rollout.startedAt, null);
  const canaryOutcomes = rows.filter(({ version }) => version === rollout.version);
  const championOutcomes = rows.filter(({ version }) => version === champion);
  return canaryOutcomes
    .slice(0, championOutcomes.length)
    .map(({ accepted }, index) => ({ rollout: accepted, champion: championOutcomes[index]?.accepted ?? 0 }));
}

/** First templates of shadow and champion compared with the label. Labels favour the champion wherever its suggestion was shown. */
export function loadShadowPairs(manager: EntityManager, rollout: Rollout): Promise<OutcomePair[]> {
  return manager.query(
    `SELECT (h.ranking -> 0 ->> 'templateId' = l.template_id)::int AS rollout,
            (s.ranking -> 0 ->> 'templateId' = l.template_id)::int AS champion
       FROM shadow_rankings h JOIN labels l ON l.ticket = h.ticket
       JOIN LATERAL (SELECT ranking FROM suggestions s WHERE s.ticket = h.ticket ORDER BY s.revision DESC LIMIT 1) s ON true
      WHERE h.version = $1 AND l.template_id IS NOT NULL AND jsonb_array_length(h.ranking) > 0
        AND jsonb_array_length(s.ranking) > 0
      ORDER BY l.labelled_at, l.ticket LIMIT ${maxTickets}`,
    [rollout.version],
  );
}

export interface ChampionRecord {
  outcomes: number[];
  before: { accepted: number; total: number };
}

export async function loadChampionRecord(
  manager: EntityManager,
  { version, previous, since }: { version: string; previous: string; since: Date },
): Promise<ChampionRecord> {
  const current = await loadOutcomes(manager, [version], since, null);
  const earlier = await loadOutcomes(manager, [previous], new Date(0), since);
  return {
    outcomes: current.map(({ accepted }) => accepted),
    before: { accepted: earlier.reduce((sum, { accepted }) => sum + accepted, 0), total: earlier.length },
  };
}
