/** Deletes tickets and everything derived from them in the database. */
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../../access/audit-log.js';
import { lockTickets } from '../../database/ticket-lock.js';

/** One ticket, or all tickets of a customer (`fields["customer.id"]`). */
export type ForgetTarget = { source: string; ticketId: string } | { customer: string };

export interface ForgetResult {
  /** `source:ticketId` of every deleted ticket */
  tickets: string[];
  choices: number;
  /** Messages that were not yet published */
  outbox: number;
  deadLetters: number;
}

/** Messages have up to 10 MB each. */
const deadLetterPageSize = 16;

interface TicketName {
  source: string;
  ticketId: string;
}

/** Must be the first part of one transaction: a ticket is deleted everywhere or nowhere. */
export async function forget(manager: EntityManager, target: ForgetTarget, actor: string): Promise<ForgetResult> {
  // A choice, dead letter or outbox message may exist without its ticket.
  const names = 'customer' in target ? await findTicketsOfCustomer(manager, target.customer) : [target];
  await lockTickets(manager, names);
  const pairs = [names.map(({ source }) => source), names.map(({ ticketId }) => ticketId)];
  const matchingTickets = `USING unnest($1::text[], $2::text[]) AS n (source, id) WHERE x.source = n.source AND x.ticket_id = n.id`;
  const tickets = await deleteReturning<TicketName>(
    manager,
    `DELETE FROM tickets x ${matchingTickets} RETURNING x.source, x.ticket_id AS "ticketId"`,
    pairs,
  );
  const choices = await deleteReturning(manager, `DELETE FROM choices x ${matchingTickets} RETURNING 1`, pairs);
  const outbox = await deleteReturning(manager, `DELETE FROM outbox WHERE key = ANY ($1) RETURNING 1`, [
    names.map((name) => Buffer.from(ticketKey(name))),
  ]);
  const deadLetters = await forgetDeadLetters(manager, names, 'customer' in target ? target.customer : null);
  const counts = { choices: choices.length, outbox: outbox.length, deadLetters };
  await recordAudit(manager, {
    actor,
    action: 'forget',
    // The audit log must not identify the customer either.
    target: `sha256:${createHash('sha256').update(JSON.stringify(target)).digest('hex')}`,
    detail: { tickets: tickets.length, ...counts },
  });
  return { tickets: tickets.map(ticketKey), ...counts };
}

const ticketKey = ({ source, ticketId }: TicketName): string => `${source}:${ticketId}`;

function findTicketsOfCustomer(manager: EntityManager, customer: string): Promise<TicketName[]> {
  return manager.query(
    `SELECT source, ticket_id AS "ticketId" FROM tickets WHERE fields ? 'customer.id' AND fields ->> 'customer.id' = $1`,
    [customer],
  );
}

async function deleteReturning<T>(manager: EntityManager, sql: string, parameters: unknown[]): Promise<T[]> {
  const [rows]: [T[], number] = await manager.query(sql, parameters);
  return rows;
}

interface DeadLetterRow {
  id: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

/** Unreadable messages have no columns to query, so every message is searched. */
async function forgetDeadLetters(
  manager: EntityManager,
  names: readonly TicketName[],
  customer: string | null,
): Promise<number> {
  const isMatch = mentionMatcher(names, customer);
  const ids: number[] = [];
  for (let after = 0; ;) {
    const letters: DeadLetterRow[] = await manager.query(
      'SELECT id, key, value, headers FROM dead_letters WHERE id > $1 ORDER BY id LIMIT $2',
      [after, deadLetterPageSize],
    );
    ids.push(...letters.filter(isMatch).map(({ id }) => id));
    after = letters.at(-1)?.id ?? 0;
    if (letters.length < deadLetterPageSize) break;
  }
  // New or replayed dead letters may still be in the outbox.
  await manager.query(
    `DELETE FROM outbox o USING dead_letters d
      WHERE d.id = ANY ($1) AND o.key IS NOT DISTINCT FROM d.key AND o.value IS NOT DISTINCT FROM d.value
        AND o.headers @> d.headers`,
    [ids],
  );
  await manager.query('DELETE FROM dead_letters WHERE id = ANY ($1)', [ids]);
  return ids.length;
}

/** Matches messages that contain a ticket's source and id, or the customer's id. */
function mentionMatcher(names: readonly TicketName[], customer: string | null): (letter: DeadLetterRow) => boolean {
  const sources = [...new Set(names.map(({ source }) => source))].map((source) => ({
    source: spellings(source),
    ticketIds: names.filter((name) => name.source === source).map(({ ticketId }) => spellings(ticketId)),
  }));
  const customerId = customer === null ? [] : spellings(customer);
  return ({ key, value, headers }) => {
    const texts = [key, value, ...Object.values(headers).map((header) => Buffer.from(header))];
    const mentions = (sought: Buffer[]): boolean =>
      texts.some((bytes) => bytes !== null && sought.some((spelling) => containsWord(bytes, spelling)));
    return (
      mentions(customerId) ||
      sources.some(({ source, ticketIds }) => mentions(source) && ticketIds.some((id) => mentions(id)))
    );
  };
}

/** Encodings in which a text may appear in a message, including invalid ones. */
function spellings(text: string): Buffer[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const texts = new Set([text, json, ascii, json.replaceAll('/', '\\/'), ascii.replaceAll('/', '\\/')]);
  const encoded = [...texts].flatMap((spelling) => {
    const utf16 = Buffer.from(spelling, 'utf16le');
    return [Buffer.from(spelling), utf16, Buffer.from(utf16).swap16()];
  });
  return [...encoded, Buffer.from(text, 'latin1')];
}

/** Whole words only: "12" is not contained in "1234". */
function containsWord(bytes: Buffer, sought: Buffer): boolean {
  for (let at = bytes.indexOf(sought); at !== -1; at = bytes.indexOf(sought, at + 1)) {
    if (!isWordByte(bytes[at - 1]) && !isWordByte(bytes[at + sought.length])) return true;
  }
  return false;
}

const isWordByte = (byte: number | undefined): boolean =>
  byte !== undefined && /[A-Za-z0-9]/.test(String.fromCharCode(byte));
