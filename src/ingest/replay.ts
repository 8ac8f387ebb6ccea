/** Replays a file of tickets into Kafka; simulated agents may answer them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceConfig } from '../config/config.js';
import type { DataRow } from '../models/dataset/data-row.js';
import type { SuggestionMessage } from '../suggest/requests/suggestion-message.js';
import { fetchEndOffsets, tailTopic, openProducer, type Kafka } from './kafka.js';

export interface ReplayOptions {
  source: string;
  /** Tickets per second; null: as fast as the broker accepts them */
  perSecond: number | null;
  /** `truth`: the agents choose the label, or that no template fits */
  agents: 'truth' | 'none';
}

export interface Replayed {
  source: string;
  sent: number;
  /** Choices of the simulated agents */
  chosen: number;
}

/** Templates shown first */
const maxShown = 3;
/** Agents stop after this time without a suggestion. */
const agentTimeoutMs = 30_000;

/** @param onProgress called with the number of tickets sent so far */
export async function replayTickets(
  kafka: Kafka,
  topics: Pick<ServiceConfig, 'TOPIC_TICKETS' | 'TOPIC_CHOICES' | 'TOPIC_SUGGESTIONS'>,
  rows: AsyncIterable<DataRow>,
  options: ReplayOptions,
  onProgress: (sent: number) => void,
): Promise<Replayed> {
  const producer = await openProducer(kafka);
  const agents = new SimulatedAgents(options.source, (choice) =>
    producer.send({ topic: topics.TOPIC_CHOICES, messages: [choice] }),
  );
  const from = await fetchEndOffsets(kafka, topics.TOPIC_SUGGESTIONS);
  const stopFollowing =
    options.agents === 'truth'
      ? await tailTopic(kafka, topics.TOPIC_SUGGESTIONS, from, (value) => agents.answer(value))
      : null;
  try {
    let sent = 0;
    for await (const row of rows) {
      const ticketId = `row-${row.line}`;
      agents.expect(ticketId, row);
      await producer.send({ topic: topics.TOPIC_TICKETS, messages: [toTicketMessage(row, ticketId, options.source)] });
      sent += 1;
      onProgress(sent);
      if (options.perSecond !== null) await sleep(1000 / options.perSecond);
    }
    if (stopFollowing) await agents.waitUntilIdle();
    return { source: options.source, sent, chosen: agents.chosen };
  } finally {
    await stopFollowing?.();
    await producer.disconnect();
  }
}

function toTicketMessage(row: DataRow, ticketId: string, source: string): { key: string; value: string } {
  const { subject, body, channel, language, contactType, fields } = row;
  const occurredAt = (row.occurredAt ?? new Date()).toISOString();
  const ticket = {
    source,
    ticketId,
    occurredAt,
    event: 'created',
    subject,
    body,
    channel,
    language,
    contactType,
    fields,
  };
  return { key: `${source}:${ticketId}`, value: JSON.stringify(ticket) };
}

/** Agents who know the labels: they choose at the first suggestion of a ticket. */
class SimulatedAgents {
  chosen = 0;
  private readonly waiting = new Map<string, Pick<DataRow, 'label' | 'noneFits'>>();
  private lastChoice = Date.now();
  private sending: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly source: string,
    private readonly send: (choice: { key: string; value: string }) => Promise<unknown>,
  ) {}

  expect(ticketId: string, { label, noneFits }: DataRow): void {
    if (label !== null || noneFits) this.waiting.set(ticketId, { label, noneFits });
  }

  answer(value: string): void {
    const suggestion = JSON.parse(value) as SuggestionMessage;
    const known = this.waiting.get(suggestion.ticketId);
    if (suggestion.source !== this.source || !known) return;
    this.waiting.delete(suggestion.ticketId);
    const shown = suggestion.items.slice(0, maxShown).map(({ templateId }) => templateId);
    const { ticketId, suggestionId } = suggestion;
    const choice = {
      source: this.source,
      ticketId,
      choiceId: randomUUID(),
      agent: 'simulated',
      occurredAt: new Date().toISOString(),
      outcome: known.label === null ? 'none-fits' : shown.includes(known.label) ? 'used' : 'other-template',
      templateId: known.label,
      suggestionId,
      shown,
    };
    this.sending = this.sending.then(() =>
      this.send({ key: `${this.source}:${ticketId}`, value: JSON.stringify(choice) }),
    );
    this.chosen += 1;
    this.lastChoice = Date.now();
  }

  async waitUntilIdle(): Promise<void> {
    this.lastChoice = Date.now();
    while (this.waiting.size > 0 && Date.now() - this.lastChoice < agentTimeoutMs) await sleep(100);
    await this.sending;
  }
}
