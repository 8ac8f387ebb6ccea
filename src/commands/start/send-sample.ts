import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Producer } from '../../ingest/kafka.js';
import { seeded, shuffle } from '../../statistics/random.js';
import type { SentTicket } from './figures.js';
import { sampleTickets, type LabelledText } from './sample.js';

const firstNames = [
  'Ada',
  'Bilal',
  'Chiara',
  'Dmitri',
  'Elif',
  'Femi',
  'Grace',
  'Hana',
  'Ines',
  'Jonas',
  'Kofi',
  'Lena',
];
const ticketsOfAMessageBatch = 100;

/** The test tickets in a random order that the seed decides: the file is sorted by contact type. */
export async function shuffledTickets(seed: number): Promise<LabelledText[]> {
  const tickets = await sampleTickets();
  const order = Int32Array.from(tickets.keys());
  shuffle(order, order.length, seeded(seed));
  return [...order].flatMap((index) => tickets[index] ?? []);
}

/** Those that a source has not sent yet, as far as the database knows. */
export async function notSentYet(
  dataSource: DataSource,
  source: string,
  tickets: LabelledText[],
): Promise<LabelledText[]> {
  const stored: { id: string }[] = await dataSource.query('SELECT ticket_id AS id FROM tickets WHERE source = $1', [
    source,
  ]);
  const known = new Set(stored.map(({ id }) => id));
  return tickets.filter((ticket) => !known.has(sampleTicketId(ticket)));
}

const sampleTicketId = ({ line }: LabelledText): string => `test-${line}`;

/**
 * Produces tickets as a helpdesk would.
 *
 * @param perSecond null: as fast as the broker takes them
 */
export async function sendTickets(
  producer: Producer,
  to: { topic: string; source: string; perSecond: number | null },
  tickets: readonly LabelledText[],
  signal: AbortSignal,
  onSent: (sent: number) => void,
): Promise<SentTicket[]> {
  const sent: SentTicket[] = [];
  const size = to.perSecond === null ? ticketsOfAMessageBatch : 1;
  for (let start = 0; start < tickets.length && !signal.aborted; start += size) {
    const some = tickets.slice(start, start + size);
    // From before the broker has them: the way to it is part of what a ticket takes.
    const sentAt = Date.now();
    await producer.send({ topic: to.topic, messages: some.map((ticket) => messageOf(ticket, to.source)) });
    sent.push(...some.map((ticket) => ({ ticketId: sampleTicketId(ticket), templateId: ticket.templateId, sentAt })));
    onSent(sent.length);
    if (to.perSecond !== null) await sleep(1000 / to.perSecond, undefined, { signal }).catch(() => undefined);
  }
  return sent;
}

function messageOf(ticket: LabelledText, source: string) {
  const ticketId = sampleTicketId(ticket);
  const message = {
    source,
    ticketId,
    eventId: `${ticketId}-created`,
    occurredAt: new Date().toISOString(),
    event: 'created',
    subject: ticket.subject,
    body: ticket.body,
    channel: ticket.channel,
    language: ticket.language,
    fields: { 'customer.firstName': firstNames[ticket.line % firstNames.length] },
  };
  return { key: `${source}:${ticketId}`, value: JSON.stringify(message), headers: { 'replyrank-sample': '1' } };
}
