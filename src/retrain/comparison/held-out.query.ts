/** The held-out tickets that champion and challenger are compared on, with their labels. */
import type { EntityManager } from 'typeorm';
import type { FieldValue, RankInput } from '../../models/ranker.js';
import { dedupKey } from '../../models/dataset/read-training-data.js';
import { ticketText } from '../../models/features/ticket-text.js';
import { toRankInput } from '../../suggest/requests/rank-input.js';
import type { ComparedTicket } from './prediction.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';

export interface HeldOutTicket {
  input: RankInput;
  facts: Omit<ComparedTicket, 'champion' | 'challenger'>;
}

interface TextRow {
  ticket: number;
  subject: string;
  body: string;
  channel: string | null;
  language: string | null;
  contactType: string | null;
  fields: Record<string, FieldValue>;
}

const pageSize = 2_000;

/**
 * Reads the held-out tickets, without near-duplicates of training tickets and of one another.
 *
 * @param labels of the held-out tickets, in the order of time
 * @param trainedOn ids of the challenger's training tickets
 */
export async function loadHeldOutTickets(
  manager: EntityManager,
  labels: readonly LabelledTicket[],
  trainedOn: readonly number[],
): Promise<HeldOutTicket[]> {
  const texts = new Map<number, TextRow>();
  const byDedupKey = new Map<string, number[]>();
  for await (const row of readTexts(
    manager,
    labels.map(({ ticket }) => ticket),
  )) {
    texts.set(row.ticket, row);
    const key = dedupKey(ticketText(row));
    byDedupKey.set(key, [...(byDedupKey.get(key) ?? []), row.ticket]);
  }
  for await (const row of readTexts(manager, trainedOn)) {
    const key = dedupKey(ticketText(row));
    for (const ticket of byDedupKey.get(key) ?? []) texts.delete(ticket);
    byDedupKey.delete(key);
  }
  // Duplicates would count as independent observations.
  const first = new Set([...byDedupKey.values()].flatMap((tickets) => tickets.slice(0, 1)));
  const templateContactTypes = await loadTemplateContactTypes(manager);
  return labels.flatMap((label) => {
    const row = texts.get(label.ticket);
    if (!row || !first.has(label.ticket)) return [];
    const { template, provenance, shownFirst, shownProbability } = label;
    const contactType = row.contactType ?? templateContactTypes.get(template ?? '') ?? null;
    const { channel, language } = row;
    const facts = { channel, language, contactType, label: template, provenance, shownFirst, shownProbability };
    return [{ input: toRankInput(row), facts }];
  });
}

async function* readTexts(manager: EntityManager, tickets: readonly number[]): AsyncGenerator<TextRow> {
  for (let start = 0; start < tickets.length; start += pageSize) {
    const rows: TextRow[] = await manager.query(
      `SELECT id AS ticket, subject, body, channel, language, contact_type AS "contactType", fields
         FROM tickets WHERE id = ANY ($1::bigint[]) ORDER BY id`,
      [tickets.slice(start, start + pageSize)],
    );
    yield* rows;
  }
}

/** Contact type by template, for templates with exactly one. */
async function loadTemplateContactTypes(manager: EntityManager): Promise<Map<string, string>> {
  const rows: { id: string; contactType: string }[] = await manager.query(
    `SELECT id, contact_types[1] AS "contactType" FROM templates WHERE cardinality(contact_types) = 1`,
  );
  return new Map(rows.map(({ id, contactType }) => [id, contactType]));
}
