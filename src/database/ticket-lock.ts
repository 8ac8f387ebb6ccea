import type { EntityManager } from 'typeorm';

/**
 * Locks tickets until this transaction ends, also tickets that are not stored yet. Otherwise a ticket and its choice that are
 * stored at the same time would not see each other, and the choice would never become a label. Must be the first statement
 * of a transaction, so that no one waits for it while holding row locks.
 */
export async function lockTickets(
  manager: EntityManager,
  tickets: { source: string; ticketId: string }[],
): Promise<void> {
  await manager.query(
    `SELECT pg_advisory_xact_lock(key)
       FROM (SELECT DISTINCT hashtextextended(name, 0) AS key FROM unnest($1::text[]) AS name ORDER BY key) AS keys`,
    [tickets.map(({ source, ticketId }) => `${source}:${ticketId}`)],
  );
}
