/**
 * Invariant: a ticket is stored once, with the same content in whatever order and number its messages arrive. An open
 * ticket with content has a suggestion or a rank request.
 */
import type { EntityManager } from 'typeorm';
import { updateLabels } from '../suggest/choices/labels.js';
import { requestRanking } from '../suggest/requests/ranking-request.js';
import { notifyTickets } from '../events/change-events.js';
import { lockTickets } from '../database/ticket-lock.js';
import type { TicketMessage } from './ticket-message.js';
import { applyMessage, hasSameContent, type TicketState } from './ticket-snapshot.js';

export interface StoreOptions {
  auditShare: number;
  /** Random numbers in [0, 1), to draw the audit tickets */
  random: () => number;
}

interface TicketGroup {
  source: string;
  ticketId: string;
  messages: TicketMessage[];
}

interface StoredTicket extends TicketState {
  id: number;
  source: string;
  ticketId: string;
  audit: boolean;
}

const stateColumns = `subject text, body text, channel text, language text, "contactType" text, fields jsonb,
  "contentAt" timestamptz, "stateAt" timestamptz, "closedAt" timestamptz`;

/** Stores the messages of a chunk, in the order in which they arrived. Must be first in the caller's transaction. */
export async function storeTickets(
  manager: EntityManager,
  messages: TicketMessage[],
  options: StoreOptions,
): Promise<void> {
  // Always in the same order, so that replicas that store the same tickets do not deadlock.
  const groups = groupByTicket(messages).toSorted((a, b) => (ticketKey(a) < ticketKey(b) ? -1 : 1));
  if (groups.length === 0) return;
  await lockTickets(manager, groups);
  const added = await insertTickets(manager, groups, options);
  const isNew = new Set(added.map(ticketKey));
  const stored = await lockStoredTickets(
    manager,
    groups.filter((group) => !isNew.has(ticketKey(group))),
  );
  const all = new Map([...added, ...stored].map((ticket) => [ticketKey(ticket), ticket]));
  const newEvents = await recordEvents(manager, groups, all);

  const changed: StoredTicket[] = [];
  const toRank: { arrived: number[]; updated: number[] } = { arrived: [], updated: [] };
  for (const ticket of added) if (isRankable(ticket)) toRank.arrived.push(ticket.id);
  for (const ticket of stored) {
    const newMessages = (groups.find((group) => ticketKey(group) === ticketKey(ticket))?.messages ?? []).filter(
      (message) => newEvents.has(eventKey(ticket.id, message)),
    );
    if (newMessages.length === 0) continue;
    const next: StoredTicket = { ...ticket, ...newMessages.reduce<TicketState>(applyMessage, ticket) };
    changed.push(next);
    const reopened = ticket.closedAt !== null && next.closedAt === null;
    if (isRankable(next) && (reopened || !hasSameContent(ticket, next))) toRank.updated.push(next.id);
  }
  await updateTickets(manager, changed);
  await requestRanking(manager, toRank.arrived, 'arrived');
  await requestRanking(manager, toRank.updated, 'updated');
  await deleteRankRequests(
    manager,
    changed.filter((ticket) => ticket.closedAt !== null).map(({ id }) => id),
  );
  await updateLabels(manager, added);
  await notifyTickets(manager, [...added, ...changed]);
}

const ticketKey = ({ source, ticketId }: { source: string; ticketId: string }): string => `${source}:${ticketId}`;
const eventKey = (ticket: number, { eventId }: TicketMessage): string => `${ticket} ${eventId}`;
const isRankable = ({ closedAt, contentAt }: TicketState): boolean => closedAt === null && contentAt !== null;

/** Groups messages by ticket, without duplicates. */
function groupByTicket(messages: TicketMessage[]): TicketGroup[] {
  const groups = new Map<string, TicketGroup>();
  for (const message of messages) {
    const { source, ticketId } = message;
    const group = groups.get(ticketKey(message)) ?? { source, ticketId, messages: [] };
    if (!group.messages.some(({ eventId }) => eventId === message.eventId)) group.messages.push(message);
    groups.set(ticketKey(message), group);
  }
  return [...groups.values()];
}

async function insertTickets(
  manager: EntityManager,
  groups: TicketGroup[],
  options: StoreOptions,
): Promise<StoredTicket[]> {
  const states = groups.flatMap(({ source, ticketId, messages }) => {
    const state = messages.reduce<TicketState | null>(applyMessage, null);
    const audit = options.random() < options.auditShare;
    return state ? [{ source, ticketId, ...state, audit, sample: messages.some(({ sample }) => sample) }] : [];
  });
  const inserted: { id: number; source: string; ticketId: string }[] = await manager.query(
    `INSERT INTO tickets (source, ticket_id, subject, body, channel, language, contact_type, fields, content_at, state_at,
                          closed_at, audit, sample)
     SELECT source, "ticketId", subject, body, channel, language, "contactType", fields, "contentAt", "stateAt",
            "closedAt", audit, sample
       FROM jsonb_to_recordset($1::jsonb) AS r (source text, "ticketId" text, ${stateColumns}, audit boolean, sample boolean)
     ON CONFLICT (source, ticket_id) DO NOTHING RETURNING id, source, ticket_id AS "ticketId"`,
    [JSON.stringify(states)],
  );
  const stateOf = new Map(states.map((state) => [ticketKey(state), state]));
  return inserted.flatMap((row) => {
    const state = stateOf.get(ticketKey(row));
    return state ? [{ ...state, id: row.id }] : [];
  });
}

async function lockStoredTickets(manager: EntityManager, groups: TicketGroup[]): Promise<StoredTicket[]> {
  if (groups.length === 0) return [];
  return manager.query(
    `SELECT t.id, t.source, t.ticket_id AS "ticketId", t.subject, t.body, t.channel, t.language,
            t.contact_type AS "contactType", t.fields, t.content_at AS "contentAt", t.state_at AS "stateAt",
            t.closed_at AS "closedAt", t.audit
       FROM tickets t JOIN unnest($1::text[], $2::text[]) AS k (source, ticket_id)
         ON t.source = k.source AND t.ticket_id = k.ticket_id
      ORDER BY t.id FOR UPDATE OF t`,
    [groups.map(({ source }) => source), groups.map(({ ticketId }) => ticketId)],
  );
}

/** @returns the keys of new events */
async function recordEvents(
  manager: EntityManager,
  groups: TicketGroup[],
  tickets: Map<string, StoredTicket>,
): Promise<Set<string>> {
  const events = groups.flatMap((group) => {
    const ticket = tickets.get(ticketKey(group));
    return ticket ? group.messages.map(({ eventId }) => ({ ticket: ticket.id, eventId })) : [];
  });
  const rows: { ticket: number; eventId: string }[] = await manager.query(
    `INSERT INTO ticket_events (ticket, event_id) SELECT * FROM unnest($1::bigint[], $2::text[])
     ON CONFLICT DO NOTHING RETURNING ticket, event_id AS "eventId"`,
    [events.map(({ ticket }) => ticket), events.map(({ eventId }) => eventId)],
  );
  return new Set(rows.map(({ ticket, eventId }) => `${ticket} ${eventId}`));
}

async function updateTickets(manager: EntityManager, tickets: StoredTicket[]): Promise<void> {
  if (tickets.length === 0) return;
  await manager.query(
    `UPDATE tickets t SET subject = r.subject, body = r.body, channel = r.channel, language = r.language,
            contact_type = r."contactType", fields = r.fields, content_at = r."contentAt", state_at = r."stateAt",
            closed_at = r."closedAt", updated_at = now()
       FROM jsonb_to_recordset($1::jsonb) AS r (id bigint, ${stateColumns}) WHERE t.id = r.id`,
    [JSON.stringify(tickets)],
  );
}

/** Closed tickets are not ranked. */
async function deleteRankRequests(manager: EntityManager, tickets: number[]): Promise<void> {
  if (tickets.length > 0) await manager.query('DELETE FROM rank_requests WHERE ticket = ANY ($1::bigint[])', [tickets]);
}
