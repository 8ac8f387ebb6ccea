/** What is known of every labelled ticket, without its text: what a training may use, and what stood before the agent. */
import type { EntityManager } from 'typeorm';
import type { Provenance } from '../../records/label.entity.js';
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
  /** First template of the suggestion that was there, shown or (of an audit ticket) hidden */
  suggestedFirst: string | null;
  /** What the model thought of it, 0–1 */
  confidence: number | null;
  /** First of what stood before the agent; null where nothing did */
  shownFirst: string | null;
  /** Probability with which anything was shown; null where that is not known */
  shownProbability: number | null;
}

/**
 * SQL of what a training or a comparison may look at. What somebody chose on a sample ticket is left out: the sample's test
 * tickets measure the model, so their labels must never have trained it.
 */
export const usableLabelSql = `NOT (t.sample AND l.provenance <> 'history')
  AND (l.template_id IS NULL OR l.template_id IN
        (SELECT h.id FROM template_heirs h JOIN templates p ON p.id = h.heir WHERE p.state <> 'draft'))`;

/** @returns the template that a template's labels count for: the one at the end of its chain of merges, else itself */
export async function loadMergeTargets(manager: EntityManager): Promise<<T extends string | null>(id: T) => T> {
  const rows: { id: string; heir: string }[] = await manager.query(
    'SELECT id, heir FROM template_heirs WHERE id <> heir',
  );
  const heirs = new Map(rows.map(({ id, heir }) => [id, heir]));
  return (id) => (id === null ? id : ((heirs.get(id) ?? id) as typeof id));
}

const pageSize = 20_000;

/** In the order of their ids; of templates that were merged, as if they had always been one. */
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
