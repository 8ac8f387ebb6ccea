/** Tickets on their way through a test: stored as ingest stores them, ranked as if a model had said what the test says. */
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { readTicket } from '../../src/ingest/message-reader.js';
import { storeTickets } from '../../src/ingest/ticket-store.js';
import type { Ranking } from '../../src/models/ranker.js';
import { storeRankings } from '../../src/suggest/ranking/ranking-loop.service.js';
import { claimTickets } from '../../src/suggest/requests/ranking-store.js';
import { loadServingVersion } from '../../src/suggest/requests/serving-version.js';

export const aTicket = (ticketId: string, more: object = {}) => ({
  source: 'helpdesk',
  ticketId,
  eventId: randomUUID(),
  occurredAt: '2026-01-05T10:00:00Z',
  event: 'created',
  subject: 'Card not here',
  body: 'I ordered it two weeks ago.',
  ...more,
});

/** Reads and stores messages as the consumer of the topic does. */
export async function arrive(source: DataSource, tickets: object[], auditShare = 0): Promise<void> {
  const read = tickets.map((ticket) => {
    const result = readTicket(
      { value: Buffer.from(JSON.stringify(ticket)), headers: {} } as never,
      Date.now(),
      'standard',
    );
    if (result.kind !== 'ticket') throw new Error(`a ticket of the test is none: ${result.detail}`);
    return result.ticket;
  });
  await source.transaction((manager) => storeTickets(manager, read, { auditShare, random: Math.random }));
}

/** What a model says: these templates with falling probabilities. */
export const ranked = (...templateIds: string[]): Ranking => ({
  items: templateIds.map((templateId, index) => ({ templateId, probability: 0.6 / 2 ** index })),
  contactType: { value: 'card_arrival', probability: 0.9 },
  abstained: false,
  reason: null,
  setSize: templateIds.length,
  embedding: null,
  entropy: null,
  words: 0,
  unknownShare: null,
  fingerprint: '',
});

export const unsure = (...templateIds: string[]): Ranking => ({
  ...ranked(...templateIds),
  abstained: true,
  reason: 'unsure',
});

/** Stores a ranking for every ticket that waits for one. */
export async function rankAll(
  source: DataSource,
  topic: string,
  ranking: (ticketId: string) => Ranking,
  auditShare = 0,
): Promise<void> {
  const { stamp } = await loadServingVersion(source.manager);
  const claimed = await claimTickets(source.manager, { limit: 1000, leaseSeconds: 20, stamp });
  const answers = claimed.map((one) => ({ claimed: one, version: 'm-1', ranking: ranking(one.ticketId) }));
  const settings = { topic, auditShare, encoderHash: null, stamp };
  await source.transaction((manager) => storeRankings(manager, answers, settings));
}
