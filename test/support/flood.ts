/** Many tickets at once over Kafka, and what has to be there of them in the end, whatever happened on the way. */
import type { Kafka } from 'kafkajs';
import type { ServiceConfig } from '../../src/config/config.js';
import { importTemplates } from '../../src/suggest/templates/templates.service.js';
import { freshDatabase, type TestDatabase } from './database.js';
import { produce, readTopic, testConfig, testKafka } from './kafka.js';
import { waitFor } from './waiting.js';
import { aTicket } from './tickets.js';

/** Stands in every ticket, and must stand in no line of a log. */
export const secret = 'zwiebelkuchen';

export interface Flood {
  config: ServiceConfig;
  kafka: Kafka;
  database: TestDatabase;
  /** Sends tickets with these numbers, and a choice for each, which may well come before its ticket. */
  send: (from: number, to: number) => Promise<void>;
  count: (table: 'tickets' | 'suggestions' | 'labels' | 'rank_requests' | 'outbox') => Promise<number>;
  /** Waits until so many tickets are stored, ranked, labelled and published. */
  allDone: (tickets: number) => Promise<unknown>;
  /** For each ticket the ids of the suggestions on the topic; a repeated message has the same id. */
  published: () => Promise<Map<string, Set<string>>>;
}

export async function flood(): Promise<Flood> {
  const database = await freshDatabase();
  const config = testConfig(database.url);
  const kafka = await testKafka(config);
  const templates = ['arrival', 'refund', 'fees'].map((id) => ({
    id,
    title: id,
    body: `About your ${id}`,
    contactTypes: [],
    state: 'allowed' as const,
  }));
  await database.source.transaction((manager) => importTemplates(manager, templates, { actor: 'test' }));
  const count: Flood['count'] = async (table) => {
    const [row]: { n: number }[] = await database.source.query(`SELECT count(*)::int AS n FROM ${table}`);
    return row?.n ?? 0;
  };
  // In this order: what is counted as suggested has left the requests, and what was published the outbox.
  const counts = async () => ({
    suggestions: await count('suggestions'),
    labels: await count('labels'),
    waiting: (await count('rank_requests')) + (await count('outbox')),
  });
  return {
    config,
    kafka,
    database,
    count,
    send: async (from, to) => {
      const numbers = Array.from({ length: to - from }, (_, index) => from + index);
      const choices = numbers.map((n) => ({ ...aChoice(n), key: `helpdesk:${n}` }));
      const tickets = numbers.map((n) => ({
        key: `helpdesk:${n}`,
        value: JSON.stringify(aTicket(String(n), { body: `${secret}: question ${n} about my refund` })),
      }));
      await Promise.all([produce(kafka, config.TOPIC_TICKETS, tickets), produce(kafka, config.TOPIC_CHOICES, choices)]);
    },
    allDone: (tickets) =>
      waitFor(
        `${tickets} tickets to be done`,
        counts,
        ({ suggestions, labels, waiting }) => suggestions >= tickets && labels >= tickets && waiting === 0,
      ),
    published: async () => {
      const ids = new Map<string, Set<string>>();
      for (const { key, value } of await readTopic(kafka, config.TOPIC_SUGGESTIONS)) {
        const { suggestionId } = JSON.parse(value?.toString() ?? '') as { suggestionId: string };
        ids.set(key ?? '', (ids.get(key ?? '') ?? new Set<string>()).add(suggestionId));
      }
      return ids;
    },
  };
}

function aChoice(n: number): { value: string } {
  const occurredAt = '2026-01-05T11:00:00Z';
  const identity = { source: 'helpdesk', ticketId: String(n), choiceId: `c-${n}`, agent: 'a-12' };
  return { value: JSON.stringify({ ...identity, occurredAt, outcome: 'used', templateId: 'refund' }) };
}
