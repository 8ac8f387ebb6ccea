import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { wilsonInterval } from '../../statistics/intervals.js';
import type { PlaceholderNames, TemplateFigures, TemplatesFigures, TemplateStatistics } from './template-figures.js';

/**
 * Labels from choices since $1, with what the agent saw: as the choice says, or else the suggestion that it names or that was the
 * newest. An agent's own reply leaves no label, since it is no evidence about templates.
 */
const decidedSql = `SELECT l.ticket, l.template_id AS chosen, l.labelled_at AS at, coalesce(c.shown, s.shown, '[]') AS shown
  FROM labels l
  JOIN choices c ON c.id = l.choice
  LEFT JOIN LATERAL (
    SELECT CASE WHEN NOT s.abstained THEN jsonb_path_query_array(s.ranking, '$[0 to 2].templateId') END AS shown
      FROM suggestions s
     WHERE c.shown IS NULL AND s.ticket = l.ticket AND (s.id = c.suggestion_id OR c.suggestion_id IS NULL AND s.created_at <= c.received_at)
     ORDER BY s.created_at <= c.occurred_at DESC, s.revision DESC LIMIT 1) s ON true
 WHERE l.labelled_at >= $1 AND l.provenance IN ('choice', 'correction')`;

/** Another template than the first was chosen; templates merged since count as one. */
const overriddenSql = `SELECT j.shown ->> 0 AS first, j.chosen, count(*)::int AS n
  FROM decided j
  JOIN template_heirs a ON a.id = j.shown ->> 0
  JOIN template_heirs b ON b.id = j.chosen
 WHERE a.heir <> b.heir GROUP BY 1, 2`;

/** Flags since the last change of their template: earlier ones concern another text. */
const currentFlagsSql = `SELECT template_id AS id, sum(n)::int AS n, jsonb_object_agg(reason, n) AS reasons, max(last) AS last
  FROM (SELECT f.template_id, f.reason, count(*)::int AS n, max(f.created_at) AS last
          FROM flags f JOIN templates p ON p.id = f.template_id AND f.created_at > p.updated_at GROUP BY 1, 2) AS by_reason
 GROUP BY 1`;

type Row = Omit<TemplateFigures, 'acceptance'> & { taken: number };

const maxFlags = 100;
const maxConfusions = 10;
const maxExamples = 8;
/** Fields are searched in this many of the newest tickets. */
const placeholderSampleSize = 2_000;

/** Template statistics: shown, accepted, used, flagged, overridden. */
@Injectable()
export class TemplateStatisticsQuery {
  constructor(private readonly dataSource: DataSource) {}

  /** All templates with their statistics of the last `days` days. */
  async list(days: number, now: Date): Promise<TemplatesFigures> {
    const from = subtractDays(now, days);
    const rows: Row[] = await this.dataSource.query(
      `WITH decided AS MATERIALIZED (${decidedSql}),
            shown AS (
              SELECT s.id, count(*)::int AS n, count(*) FILTER (WHERE s.place = 1)::int AS first,
                     count(*) FILTER (WHERE s.place = 1 AND j.chosen = s.id)::int AS taken
                FROM decided j, jsonb_array_elements_text(j.shown) WITH ORDINALITY AS s (id, place) GROUP BY 1),
            used AS (SELECT template_id AS id, count(*)::int AS n FROM labels WHERE labelled_at >= $1 AND provenance <> 'history' GROUP BY 1),
            imported AS (SELECT template_id AS id, count(*)::int AS n FROM labels WHERE provenance = 'history' GROUP BY 1),
            overridden AS (${overriddenSql}),
            overrides AS (
              SELECT first AS id, sum(n)::int AS n, (array_agg(chosen ORDER BY n DESC, chosen))[1] AS other, max(n) AS most
                FROM overridden GROUP BY 1),
            flagged AS (${currentFlagsSql})
       SELECT p.id AS "templateId", coalesce(shown.n, 0) AS shown, coalesce(shown.first, 0) AS first,
              coalesce(shown.taken, 0) AS taken, coalesce(used.n, 0) AS used, coalesce(imported.n, 0) AS imported, newest.at AS "lastUsedAt",
              coalesce(flagged.n, 0) AS flags, coalesce(flagged.reasons, '{}') AS reasons,
              coalesce(m.n, 0) AS overridden,
              CASE WHEN m.other IS NOT NULL THEN jsonb_build_object('templateId', m.other, 'times', m.most) END AS "topAlternative"
         FROM templates p
         LEFT JOIN shown ON shown.id = p.id
         LEFT JOIN used ON used.id = p.id
         LEFT JOIN imported ON imported.id = p.id
         LEFT JOIN overrides m ON m.id = p.id
         LEFT JOIN flagged ON flagged.id = p.id
         LEFT JOIN LATERAL (
           SELECT max(labelled_at) AS at FROM labels WHERE template_id = p.id AND provenance <> 'history') newest ON true
        ORDER BY p.id`,
      [from],
    );
    const items = rows.map(({ taken, ...row }) => ({ ...row, acceptance: acceptanceRate(taken, row.first) }));
    return { from: from.toISOString(), to: now.toISOString(), items };
  }

  /** @returns null if the template does not exist */
  async get(id: string, days: number, now: Date): Promise<TemplateStatistics | null> {
    const [known]: { imported: number }[] = await this.dataSource.query(
      `SELECT (SELECT count(*)::int FROM labels WHERE template_id = $1 AND provenance = 'history') AS imported
         FROM templates WHERE id = $1`,
      [id],
    );
    if (!known) return null;
    const from = subtractDays(now, days);
    const usage = await this.usage(id, from, now, stepDays(days));
    const sum = (name: 'shown' | 'first' | 'taken' | 'used'): number =>
      usage.reduce((all, each) => all + each[name], 0);
    return {
      from: from.toISOString(),
      to: now.toISOString(),
      shown: sum('shown'),
      first: sum('first'),
      acceptance: acceptanceRate(sum('taken'), sum('first')),
      used: sum('used'),
      imported: known.imported,
      usage,
      confusedWith: await this.confusedWith(id, from),
      flags: await this.flags(id),
      examples: await this.examples(id),
    };
  }

  /** Fields that placeholders can be filled from, most frequent first. */
  async placeholders(): Promise<PlaceholderNames> {
    const [row]: PlaceholderNames[] = await this.dataSource.query(
      `WITH newest AS MATERIALIZED (SELECT fields FROM tickets ORDER BY received_at DESC, id DESC LIMIT ${placeholderSampleSize})
       SELECT (SELECT count(*)::int FROM newest) AS tickets, coalesce(jsonb_agg(each), '[]') AS items
         FROM (SELECT f.key AS name, count(*)::int AS tickets FROM newest, jsonb_each_text(newest.fields) f
                WHERE f.value <> '' GROUP BY 1 ORDER BY 2 DESC, 1) AS each`,
    );
    return row as PlaceholderNames;
  }

  private usage(id: string, from: Date, to: Date, step: number): Promise<TemplateStatistics['usage']> {
    return this.dataSource.query(
      `WITH decided AS MATERIALIZED (${decidedSql}),
            steps AS (SELECT generate_series($1::timestamptz, $3::timestamptz - interval '1 second', make_interval(days => $4)) AS at),
            counted AS (
              SELECT date_bin(make_interval(days => $4), j.at, $1) AS at, count(*)::int AS shown,
                     count(*) FILTER (WHERE j.shown ->> 0 = $2)::int AS first,
                     count(*) FILTER (WHERE j.shown ->> 0 = $2 AND j.chosen = $2)::int AS taken
                FROM decided j WHERE j.shown ? $2 GROUP BY 1),
            used AS (SELECT date_bin(make_interval(days => $4), labelled_at, $1) AS at, count(*)::int AS n FROM labels
                      WHERE template_id = $2 AND labelled_at >= $1 AND provenance <> 'history' GROUP BY 1)
       SELECT steps.at AS from, coalesce(c.shown, 0) AS shown, coalesce(c.first, 0) AS first, coalesce(c.taken, 0) AS taken,
              coalesce(used.n, 0) AS used
         FROM steps LEFT JOIN counted c USING (at) LEFT JOIN used USING (at) ORDER BY at`,
      [from, id, to, step],
    );
  }

  private confusedWith(id: string, from: Date): Promise<TemplateStatistics['confusedWith']> {
    return this.dataSource.query(
      `WITH decided AS MATERIALIZED (${decidedSql}), overridden AS (${overriddenSql})
       SELECT p.id AS "templateId", p.title, p.state, sum(CASE WHEN m.first = $2 THEN m.n ELSE 0 END)::int AS "takenInstead",
              sum(CASE WHEN m.chosen = $2 THEN m.n ELSE 0 END)::int AS "suggestedInstead"
         FROM overridden m JOIN templates p ON p.id = CASE WHEN m.first = $2 THEN m.chosen ELSE m.first END
        WHERE $2 IN (m.first, m.chosen) GROUP BY p.id ORDER BY sum(m.n) DESC, p.id LIMIT ${maxConfusions}`,
      [from, id],
    );
  }

  private flags(id: string): Promise<TemplateStatistics['flags']> {
    return this.dataSource.query(
      `SELECT f.reason, f.note, f.agent, f.created_at AS at, f.created_at > p.updated_at AS "isCurrent", t.source, t.ticket_id AS "ticketId",
              t.subject, left(t.body, 200) AS preview
         FROM flags f JOIN templates p ON p.id = f.template_id JOIN tickets t ON t.id = f.ticket
        WHERE f.template_id = $1 ORDER BY f.created_at DESC, f.id DESC LIMIT ${maxFlags}`,
      [id],
    );
  }

  private examples(id: string): Promise<TemplateStatistics['examples']> {
    return this.dataSource.query(
      `SELECT t.source, t.ticket_id AS "ticketId", t.subject, left(t.body, 200) AS preview, l.labelled_at AS at
         FROM labels l JOIN tickets t ON t.id = l.ticket
        WHERE l.template_id = $1 ORDER BY l.labelled_at DESC, l.ticket DESC LIMIT ${maxExamples}`,
      [id],
    );
  }
}

function acceptanceRate(accepted: number, total: number): TemplateFigures['acceptance'] {
  if (total === 0) return null;
  const [low, high] = wilsonInterval(accepted, total);
  return { value: accepted / total, low, high, of: total };
}

/** Days per point of the usage chart. */
const stepDays = (days: number): number => (days <= 31 ? 1 : days <= 400 ? 7 : 30);

const subtractDays = (moment: Date, days: number): Date => new Date(moment.getTime() - days * 86_400_000);
