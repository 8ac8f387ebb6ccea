import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DataSource } from 'typeorm';
import { loadMergeTargets, usableLabelSql } from './labelled-tickets.query.js';

/** Value of the template column for "no template fits". No template can have this id. */
export const noneLabel = '<none>';

interface TicketRow {
  ticket: number;
  source: string;
  ticketId: string;
  subject: string;
  body: string;
  channel: string | null;
  language: string | null;
  contactType: string | null;
  fields: Record<string, unknown>;
  template: string | null;
  provenance: string;
  occurredAt: Date;
}

const pageSize = 2000;

/**
 * Writes the labelled tickets as JSON Lines in a stable order, page by page.
 *
 * @param options.fields structured fields in every row, null if a ticket lacks one; no others are written
 * @param options.copies rows by ticket id, 0 for missing ones; without it, one row each
 * @returns the number of rows
 */
export async function writeTrainingSet(
  dataSource: DataSource,
  file: string,
  { fields = [], copies }: { fields?: readonly string[]; copies?: ReadonlyMap<number, number> } = {},
): Promise<number> {
  let count = 0;
  const heir = await loadMergeTargets(dataSource.manager);
  async function* lines(): AsyncGenerator<string> {
    let after = 0;
    for (;;) {
      const page: TicketRow[] = await dataSource.query(
        `SELECT t.id AS ticket, t.source, t.ticket_id AS "ticketId", t.subject, t.body, t.channel, t.language,
                t.contact_type AS "contactType", t.fields, l.template_id AS template, l.provenance,
                coalesce(t.content_at, t.state_at) AS "occurredAt"
           FROM labels l JOIN tickets t ON t.id = l.ticket
          WHERE l.ticket > $1 AND ${usableLabelSql} ORDER BY l.ticket LIMIT ${pageSize}`,
        [after],
      );
      for (const labelled of page) {
        const row = { ...labelled, template: heir(labelled.template) };
        const times = copies ? (copies.get(row.ticket) ?? 0) : 1;
        count += times;
        for (let copy = 0; copy < times; copy += 1) yield `${JSON.stringify(toTrainingRow(row, fields))}\n`;
      }
      if (page.length < pageSize) return;
      after = page.at(-1)?.ticket ?? after;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(file, { mode: 0o600 }));
  return count;
}

function toTrainingRow(row: TicketRow, fields: readonly string[]): object {
  return {
    ...Object.fromEntries(fields.map((name) => [name, row.fields[name] ?? null])),
    id: `${row.source}:${row.ticketId}`,
    subject: row.subject,
    body: row.body,
    channel: row.channel,
    language: row.language,
    contactType: row.contactType,
    occurredAt: row.occurredAt.toISOString(),
    template: row.template ?? noneLabel,
    provenance: row.provenance,
  };
}

/**
 * Writes the templates as JSON Lines, in the format of `--templates`. Blocked and retired templates are included, because their
 * labels still train the model; merged ones are not, because their labels count for the target. Serving decides what is shown.
 *
 * @returns the number of rows
 */
export async function writeTemplates(dataSource: DataSource, file: string): Promise<number> {
  const templates: object[] = await dataSource.query(
    `SELECT id, title, body, contact_types AS "contactTypes" FROM templates
      WHERE state <> 'draft' AND merged_into IS NULL ORDER BY id`,
  );
  await pipeline(
    Readable.from(templates.map((template) => `${JSON.stringify(template)}\n`)),
    createWriteStream(file, { mode: 0o600 }),
  );
  return templates.length;
}
