/** Erases tickets everywhere in the database that they have got to. */
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../access/audit-log.js';

/** One ticket, or all of one customer (`fields["customer.id"]`). */
export type ToForget = { source: string; ticketId: string } | { customer: string };

export interface Forgotten {
  /** `source:ticketId` of every ticket that was erased */
  tickets: string[];
  choices: number;
  /** Messages that waited to be published */
  outbox: number;
  deadLetters: number;
}

const lettersAtOnce = 200;

interface TicketName {
  source: string;
  ticketId: string;
}

/** Belongs into one transaction: a ticket is forgotten everywhere or nowhere. */
export async function forget(manager: EntityManager, what: ToForget, actor: string): Promise<Forgotten> {
  const found: (TicketName & { id: number })[] = await manager.query(
    `SELECT id, source, ticket_id AS "ticketId" FROM tickets
      WHERE CASE WHEN $3::text IS NULL THEN source = $1 AND ticket_id = $2 ELSE fields ->> 'customer.id' = $3 END
      ORDER BY id FOR UPDATE`,
    'customer' in what ? [null, null, what.customer] : [what.source, what.ticketId, null],
  );
  // A choice, a dead letter or a message on its way may be there although the ticket is not.
  const names: TicketName[] = 'customer' in what || found.length > 0 ? found : [what];
  const keys = names.map(({ source, ticketId }) => `${source}:${ticketId}`);
  await manager.query('DELETE FROM tickets WHERE id = ANY ($1)', [found.map(({ id }) => id)]);
  const choices = await deleted(
    manager,
    `DELETE FROM choices USING unnest($1::text[], $2::text[]) AS n (source, ticket_id)
      WHERE choices.source = n.source AND choices.ticket_id = n.ticket_id RETURNING choices.id`,
    [names.map(({ source }) => source), names.map(({ ticketId }) => ticketId)],
  );
  const outbox = await deleted(manager, `DELETE FROM outbox WHERE key = ANY ($1) RETURNING id`, [
    keys.map((key) => Buffer.from(key)),
  ]);
  const deadLetters = await forgetDeadLetters(manager, names, 'customer' in what ? what.customer : null);
  await recordAudit(manager, {
    actor,
    action: 'forget',
    // Whom it was about must not be remembered either.
    target: `sha256:${createHash('sha256').update(JSON.stringify(what)).digest('hex')}`,
    detail: { tickets: found.length, choices, outbox, deadLetters },
  });
  return { tickets: found.map(({ source, ticketId }) => `${source}:${ticketId}`), choices, outbox, deadLetters };
}

async function deleted(manager: EntityManager, sql: string, parameters: unknown[]): Promise<number> {
  const [rows]: [unknown[], number] = await manager.query(sql, parameters);
  return rows.length;
}

/** What could not be read has no columns to ask: each message is looked into. */
async function forgetDeadLetters(
  manager: EntityManager,
  names: readonly TicketName[],
  customer: string | null,
): Promise<number> {
  const ids: number[] = [];
  for (let after = 0; ;) {
    const letters: { id: number; key: Buffer | null; value: Buffer | null }[] = await manager.query(
      'SELECT id, key, value FROM dead_letters WHERE id > $1 ORDER BY id LIMIT $2',
      [after, lettersAtOnce],
    );
    for (const { id, key, value } of letters) {
      const said = (text: string): boolean => [key, value].some((bytes) => bytes !== null && mentions(bytes, text));
      const isOfTicket = names.some(({ source, ticketId }) => said(source) && said(ticketId));
      if (isOfTicket || (customer !== null && said(customer))) ids.push(id);
    }
    after = letters.at(-1)?.id ?? 0;
    if (letters.length < lettersAtOnce) break;
  }
  await manager.query('DELETE FROM dead_letters WHERE id = ANY ($1)', [ids]);
  return ids.length;
}

/** Whether the bytes hold the text as a word of its own: "12" does not stand in "1234". Also as JSON may escape it. */
function mentions(bytes: Buffer, text: string): boolean {
  return [text, JSON.stringify(text).slice(1, -1)].some((spelling) => {
    const sought = Buffer.from(spelling);
    for (let at = bytes.indexOf(sought); at !== -1; at = bytes.indexOf(sought, at + 1)) {
      if (!isWordByte(bytes[at - 1]) && !isWordByte(bytes[at + sought.length])) return true;
    }
    return false;
  });
}

const isWordByte = (byte: number | undefined): boolean =>
  byte !== undefined && /[A-Za-z0-9]/.test(String.fromCharCode(byte));
