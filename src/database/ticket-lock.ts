import type { EntityManager } from 'typeorm';

/**
 * Makes other writers of the same tickets wait until this transaction ends, also where a ticket is not stored yet. Without
 * it a ticket and its choice, stored at the same moment, would each not see the other, and the choice would wait for ever.
 * Always the first statement of a transaction, so that nobody waits for it with rows locked.
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
