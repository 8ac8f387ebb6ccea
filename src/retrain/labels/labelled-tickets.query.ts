/** Every labelled ticket without its text: what a training may use, and what the agent saw. */
import type { EntityManager } from 'typeorm';
import type { Provenance } from '../../records/tickets/label.entity.js';
import { shownFirstSql, suggestionOfChoiceSql } from '../../suggest/choices/shown-first.js';

export interface LabelledTicket {
  ticket: number;
  /** `source:ticketId` */
  key: string;
  /** When the customer wrote it, ms since 1970 */
  at: number;
  template: string | null;
  provenance: Provenance;
  position: number | null;
  /** ms since 1970 */
  labelledAt: number;
  /** First template of the suggestion, shown or (audit ticket) hidden */
  suggestedFirst: string | null;
  /** Its probability, 0–1 */
  confidence: number | null;
  /** The first suggestion that the agent saw; null without one */
  shownFirst: string | null;
  /** Propensity: the probability that a suggestion was shown; null if unknown */
  shownProbability: number | null;
}

/**
 * SQL of the labels that a training or a comparison may use. Choices on sample tickets are excluded: the sample's test tickets
 * measure the model, so it must never be trained on them.
 */
export const usableLabelSql = `NOT (t.sample AND l.provenance <> 'history')
  AND (l.template_id IS NULL OR l.template_id IN
        (SELECT h.id FROM template_heirs h JOIN templates p ON p.id = h.heir WHERE p.state <> 'draft'))`;

/** @returns a function from a template to the one that its labels count for: the end of its chain of merges, or itself */
export async function loadMergeTargets(manager: EntityManager): Promise<<T extends string | null>(id: T) => T> {
  const rows: { id: string; heir: string }[] = await manager.query(
    'SELECT id, heir FROM template_heirs WHERE id <> heir',
  );
  const heirs = new Map(rows.map(({ id, heir }) => [id, heir]));
  return (id) => (id === null ? id : ((heirs.get(id) ?? id) as typeof id));
}

const pageSize = 20_000;

/** Ordered by ticket id. Merged templates are resolved to their target. */
export async function loadLabelledTickets(manager: EntityManager): Promise<LabelledTicket[]> {
  const heir = await loadMergeTargets(manager);
  const all: LabelledTicket[] = [];
  for (let after = 0; ;) {
    const page: LabelledTicket[] = await manager.query(
      `SELECT t.id AS ticket, t.source || ':' || t.ticket_id AS key,
              extract(epoch FROM coalesce(t.content_at, t.state_at))::float8 * 1000 AS at, l.template_id AS template,
              l.provenance, l.position, extract(epoch FROM l.labelled_at)::float8 * 1000 AS "labelledAt",
              s.template AS "suggestedFirst", s.probability AS confidence, ${shownFirstSql} AS "shownFirst",
              s.shown_probability AS "shownProbability"
         FROM labels l JOIN tickets t ON t.id = l.ticket LEFT JOIN choices c ON c.id = l.choice ${suggestionOfChoiceSql}
        WHERE l.ticket > $1 AND ${usableLabelSql} ORDER BY l.ticket LIMIT ${pageSize}`,
      [after],
    );
    for (const { template, suggestedFirst, shownFirst, ...row } of page) {
      all.push({
        ...row,
        template: heir(template),
        suggestedFirst: heir(suggestedFirst),
        shownFirst: heir(shownFirst),
      });
    }
    const last = page.at(-1);
    if (page.length < pageSize || !last) return all;
    after = last.ticket;
  }
}
