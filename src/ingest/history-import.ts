import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { readDataFile } from '../models/dataset/data-file.js';
import type { Columns, DataRow } from '../models/dataset/data-row.js';
import { prepareTicket } from '../preparation/prepare-ticket.js';
import type { RedactionLevel } from '../redaction/redaction.js';
import { ticketMessageSchema, replaceUnstorable } from './ticket-message.js';

export interface HistoryOptions {
  /** Source of the tickets; the same file with the same source is imported once */
  source: string;
  sample: boolean;
  redaction: RedactionLevel;
  /** Date of rows without one */
  now: Date;
}

export interface ImportedHistory {
  rows: number;
  imported: number;
  /** Rows that were imported before */
  repeated: number;
  /** Invalid rows, with the reason */
  refused: { line: number; problem: string }[];
}

interface HistoryTicket {
  ticketId: string;
  line: number;
  templateId: string | null;
  content: object;
  occurredAt: Date;
}

const batchSize = 1000;

/**
 * Stores answered tickets as closed, each with its template as a label of provenance `history`. They are prepared like
 * messages. An invalid row is reported with its line; the others are imported.
 *
 * @param rows with labels
 * @param onProgress called with the number of rows so far
 */
export async function importHistory(
  dataSource: DataSource,
  rows: AsyncIterable<DataRow> | Iterable<DataRow>,
  options: HistoryOptions,
  onProgress: (rows: number) => void,
): Promise<ImportedHistory> {
  const known = new Set(
    (await dataSource.query<{ id: string }[]>('SELECT id FROM templates')).map((template) => template.id),
  );
  const result: ImportedHistory = { rows: 0, imported: 0, repeated: 0, refused: [] };
  const schema = ticketMessageSchema(() => options.now.getTime());
  const seen = new Map<string, number>();
  let batch: HistoryTicket[] = [];
  const flush = async (): Promise<void> => {
    const tickets = batch;
    batch = [];
    const imported = await dataSource.transaction((manager) => storeHistory(manager, tickets, options));
    result.imported += imported;
    result.repeated += tickets.length - imported;
    onProgress(result.rows);
  };
  for await (const row of rows) {
    result.rows += 1;
    const problem = findLabelProblem(row, known) ?? findContentProblem(row, schema, options);
    if (problem !== null) {
      result.refused.push({ line: row.line, problem });
      continue;
    }
    batch.push(toHistoryTicket(row, seen, options));
    if (batch.length >= batchSize) await flush();
  }
  await flush();
  return result;
}

/** Imports the valid rows of a file. @throws DataFileError if the file can't be read at all */
export async function importHistoryFile(
  dataSource: DataSource,
  { file, columns }: { file: string; columns: Columns },
  options: HistoryOptions,
  onProgress: (rows: number) => void,
): Promise<ImportedHistory> {
  const unreadable: ImportedHistory['refused'] = [];
  const rows = readDataFile(file, { ...columns, redaction: 'none' }, 'required', ({ line, problem }) =>
    unreadable.push({ line: line ?? 0, problem }),
  );
  const result = await importHistory(dataSource, rows, options, onProgress);
  const refused = [...unreadable, ...result.refused].sort((a, b) => a.line - b.line);
  return { ...result, rows: result.rows + unreadable.length, refused };
}

function findLabelProblem({ label, noneFits }: DataRow, templates: Set<string>): string | null {
  if (label === null) return noneFits ? null : 'label missing';
  return templates.has(label) ? null : `template ${label} does not exist: import the templates first`;
}

/** A row must be valid as a message, too. */
function findContentProblem(
  row: DataRow,
  schema: ReturnType<typeof ticketMessageSchema>,
  { source, now }: HistoryOptions,
): string | null {
  const occurredAt = (row.occurredAt ?? now).toISOString();
  const { error } = schema.safeParse({ ...row, source, ticketId: 'any', event: 'closed', occurredAt });
  const [first] = error?.issues ?? [];
  return first ? `${first.path.join('.')}: ${first.message}` : null;
}

/** A row has no id: its content and its occurrence number identify it in every import of the file. */
function toHistoryTicket(row: DataRow, seen: Map<string, number>, { now, redaction }: HistoryOptions): HistoryTicket {
  const { subject, body, channel, language, contactType, fields, occurredAt, label } = row;
  const facts = [subject, body, channel, language, contactType, fields, occurredAt, label];
  const hash = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
  const occurrence = (seen.get(hash) ?? 0) + 1;
  seen.set(hash, occurrence);
  const unprepared = replaceUnstorable({ subject, body, channel, language, contactType, fields });
  const content = prepareTicket(unprepared, redaction);
  const ticketId = occurrence === 1 ? hash : `${hash}-${occurrence}`;
  return { ticketId, line: row.line, templateId: label, content, occurredAt: occurredAt ?? now };
}

/** @returns the number of new tickets */
async function storeHistory(
  manager: EntityManager,
  tickets: HistoryTicket[],
  options: HistoryOptions,
): Promise<number> {
  if (tickets.length === 0) return 0;
  const rows = tickets.map(({ ticketId, templateId, content, occurredAt }) => ({
    ticketId,
    templateId,
    occurredAt,
    ...content,
  }));
  const inserted: { ticket: number }[] = await manager.query(
    `WITH r AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS r ("ticketId" text, "templateId" text, "occurredAt" timestamptz,
         subject text, body text, channel text, language text, "contactType" text, fields jsonb)),
     added AS (
       INSERT INTO tickets (source, ticket_id, subject, body, channel, language, contact_type, fields, content_at, state_at,
                            closed_at, sample)
       SELECT $2, "ticketId", subject, body, channel, language, "contactType", fields, "occurredAt", "occurredAt",
              "occurredAt", $3 FROM r
       ON CONFLICT (source, ticket_id) DO NOTHING RETURNING id, ticket_id)
     INSERT INTO labels (ticket, template_id, provenance, labelled_at)
     SELECT added.id, r."templateId", 'history', r."occurredAt" FROM added JOIN r ON r."ticketId" = added.ticket_id
     RETURNING ticket`,
    [JSON.stringify(rows), options.source, options.sample],
  );
  return inserted.length;
}
