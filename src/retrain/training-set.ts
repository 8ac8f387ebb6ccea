import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DataSource } from 'typeorm';

/** Stands in the template column of a training set where an agent said that no template fits. No template can have this id. */
export const noneLabel = '<none>';

interface LabelledTicket {
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
 * Writes the labelled tickets as JSON Lines, one ticket a line, in a stable order, page by page.
 *
 * What somebody chose on a sample ticket is left out: the sample's test tickets measure the model, so their labels must
 * never have trained it.
 *
 * @param fields structured fields that stand in every line, null where a ticket lacks one; no other does
 * @returns how many lines were written
 */
export async function writeTrainingSet(
  dataSource: DataSource,
  file: string,
  fields: readonly string[] = [],
): Promise<number> {
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    let after = 0;
    for (;;) {
      const page: LabelledTicket[] = await dataSource.query(
        `SELECT t.id AS ticket, t.source, t.ticket_id AS "ticketId", t.subject, t.body, t.channel, t.language,
                t.contact_type AS "contactType", t.fields, l.template_id AS template, l.provenance,
                coalesce(t.content_at, t.state_at) AS "occurredAt"
           FROM labels l JOIN tickets t ON t.id = l.ticket
          WHERE l.ticket > $1 AND NOT (t.sample AND l.provenance <> 'history')
            AND (l.template_id IS NULL OR l.template_id IN (SELECT id FROM templates WHERE state <> 'draft'))
          ORDER BY l.ticket LIMIT ${pageSize}`,
        [after],
      );
      for (const row of page) yield `${JSON.stringify(asLine(row, fields))}\n`;
      count += page.length;
      if (page.length < pageSize) return;
      after = page.at(-1)?.ticket ?? after;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(file, { mode: 0o600 }));
  return count;
}

function asLine(row: LabelledTicket, fields: readonly string[]): object {
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
 * Writes the templates as JSON Lines, in the form that `--templates` takes. Blocked and retired ones are among them:
 * what was answered with them still teaches what tickets are alike. What may be shown is decided elsewhere.
 *
 * @returns how many lines were written
 */
export async function writeTemplates(dataSource: DataSource, file: string): Promise<number> {
  const templates: object[] = await dataSource.query(
    `SELECT id, title, body, contact_types AS "contactTypes" FROM templates WHERE state <> 'draft' ORDER BY id`,
  );
  await pipeline(
    Readable.from(templates.map((template) => `${JSON.stringify(template)}\n`)),
    createWriteStream(file, { mode: 0o600 }),
  );
  return templates.length;
}
