import type { EntityManager } from 'typeorm';

/** PostgreSQL channel on which every replica hears what changed. */
export const eventsChannel = 'replyrank_events';

export interface TicketsChanged {
  type: 'tickets';
  tickets: { source: string; ticketId: string }[];
}

/** PostgreSQL takes at most 8,000 bytes; a ticket id may have 256 characters of up to four bytes. */
const perNotification = 6;

/** Tells every replica, on commit, that tickets have changed. */
export async function notifyTickets(
  manager: EntityManager,
  tickets: { source: string; ticketId: string }[],
): Promise<void> {
  const payloads: string[] = [];
  for (let from = 0; from < tickets.length; from += perNotification) {
    const some = tickets.slice(from, from + perNotification).map(({ source, ticketId }) => ({ source, ticketId }));
    payloads.push(JSON.stringify({ type: 'tickets', tickets: some } satisfies TicketsChanged));
  }
  if (payloads.length > 0) {
    await manager.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [eventsChannel, payloads]);
  }
}
