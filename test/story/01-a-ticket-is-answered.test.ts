/**
 * The main thing, from end to end: a team's templates are there, a customer writes, a suggestion stands ready for the agent
 * and on the topic, the agent chooses, and the choice is a label to learn from. Over real Kafka, PostgreSQL and TensorFlow.
 * The steps build on one another.
 */
import type { Kafka } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectKafka } from '../../src/ingest/kafka.js';
import { importTemplates } from '../../src/suggest/templates/templates.service.js';
import { readTemplates } from '../../src/commands/options/templates-file.js';
import { wholeService, type TestApp } from '../support/app.js';
import { produce, readTopic } from '../support/kafka.js';
import { waitFor } from '../support/waiting.js';
import { stopAtFirstFailure } from '../support/steps.js';

let service: TestApp;
let kafka: Kafka;
const told: string[] = [];
const page = new AbortController();
stopAtFirstFailure();
beforeAll(async () => {
  service = await wholeService();
  kafka = connectKafka(service.config);
  const rows = await readTemplates('samples/banking77/templates.jsonl');
  const imported = await service.dataSource.transaction((manager) => importTemplates(manager, rows, { actor: 'ada' }));
  expect(imported).toEqual({ added: 77, changed: 0, unchanged: 0 });
});
afterAll(async () => {
  page.abort();
  await service.stop();
});

const path = '/api/v1/tickets/helpdesk/35436';
const get = async (at: string) => (await service.request.get(at).set(service.as('agent'))).body as Suggestion;
interface Suggestion {
  suggestionId: string;
  revision: number;
  abstained: boolean;
  items: { templateId: string; probability: number; body: string }[];
}
let suggestion: Suggestion;

test('1. the service is ready: it reads, it has a database, a model is loaded that knows the templates', async () => {
  await waitFor(
    'the service to be ready',
    async () => (await service.request.get('/health/ready')).body as unknown,
    (health) => (health as { status: string }).status === 'ok',
  );
  await waitFor('the model to know the templates', async () => {
    const answer = await service.request
      .post('/api/v1/rank')
      .set(service.as('agent'))
      .send({ text: 'my card', limit: 100 });
    return (answer.body as Suggestion).items.length === 77;
  });
});

test('2. an agent has the page open, which is told what changes', async () => {
  const events = await fetch(`${await service.app.getUrl()}/api/v1/events`, {
    headers: service.as('agent'),
    signal: page.signal,
  });
  expect(events.headers.get('content-type')).toContain('text/event-stream');
  void (async () => {
    for await (const chunk of events.body ?? []) told.push(Buffer.from(chunk as Uint8Array).toString());
  })().catch(() => undefined);
});

test('3. a customer writes, and the ticket comes over Kafka', async () => {
  const ticket = {
    source: 'helpdesk',
    ticketId: '35436',
    occurredAt: new Date().toISOString(),
    event: 'created',
    subject: 'Card not here',
    body: 'I ordered my new card two weeks ago, has it been sent? When will it arrive? Mail me at ada@example.com',
    channel: 'email',
    language: 'en',
    fields: { country: 'GB', 'customer.firstName': 'Ada' },
  };
  await produce(kafka, service.config.TOPIC_TICKETS, [{ key: 'helpdesk:35436', value: JSON.stringify(ticket) }]);
  await waitFor('the ticket to be in the queue', async () => {
    const answer = await service.request.get('/api/v1/tickets').set(service.as('agent'));
    return (answer.body as { items: { ticketId: string }[] }).items.some(({ ticketId }) => ticketId === '35436');
  });
});

test('4. the agent opens it: personal data is gone, what the greeting needs is there', async () => {
  expect(await get(path)).toMatchObject({
    state: 'open',
    subject: 'Card not here',
    body: expect.stringMatching(/When will it arrive\? Mail me at <email>$/) as string,
    fields: { 'customer.firstName': 'Ada' },
  });
});

test('5. a suggestion stands ready, with the texts of the templates', async () => {
  await waitFor(
    'the suggestion',
    async () => (await service.request.get(`${path}/suggestion`).set(service.as('agent'))).ok,
  );
  suggestion = await get(`${path}/suggestion`);
  expect(suggestion).toMatchObject({ revision: 1, abstained: false });
  expect(suggestion.items).toHaveLength(3);
  expect(suggestion.items.map(({ templateId }) => templateId)).toContain('card-arrival');
  expect(suggestion.items[0]?.body.length).toBeGreaterThan(0);
});

test('6. the same suggestion is published, once', async () => {
  // What has left the outbox is on the topic.
  await waitFor(
    'the outbox to be empty',
    () => service.query('SELECT * FROM outbox'),
    (rows) => rows.length === 0,
  );
  const messages = await readTopic(kafka, service.config.TOPIC_SUGGESTIONS);
  expect(messages).toHaveLength(1);
  expect(messages[0]?.key).toBe('helpdesk:35436');
  const message = JSON.parse(messages[0]?.value?.toString() ?? '') as Suggestion;
  expect(message).toMatchObject({ suggestionId: suggestion.suggestionId, revision: 1, modelVersion: 'text-match' });
  expect(message.items).toHaveLength(10);
  expect(message.items.slice(0, 3).map(({ templateId }) => templateId)).toEqual(
    suggestion.items.map(({ templateId }) => templateId),
  );
});

test('7. the agent chooses, and the ticket leaves the queue', async () => {
  const choice = {
    choiceId: 'c-77',
    outcome: 'used',
    templateId: 'card-arrival',
    suggestionId: suggestion.suggestionId,
    shown: suggestion.items.map(({ templateId }) => templateId),
  };
  const answer = await service.request.post(`${path}/choices`).set(service.as('agent')).send(choice);
  expect(answer.status).toBe(201);
  expect(await get(path)).toMatchObject({ state: 'answered' });
  const queue = await service.request.get('/api/v1/tickets').set(service.as('agent'));
  expect((queue.body as { items: unknown[] }).items).toEqual([]);
});

test('8. the choice is a label that says where the template stood', async () => {
  const { body } = (await service.request.get('/api/v1/labels').set(service.as('ml'))) as { body: unknown };
  expect(body).toMatchObject({
    items: [
      {
        source: 'helpdesk',
        ticketId: '35436',
        templateId: 'card-arrival',
        provenance: 'choice',
        position: suggestion.items.findIndex(({ templateId }) => templateId === 'card-arrival') + 1,
        shownProbability: 1,
      },
    ],
  });
});

test('9. the open page was told of all of it', async () => {
  await waitFor(
    'the events',
    () => told.join(''),
    (text) => text.split('event: tickets').length >= 4,
  );
  expect(told.join('')).toContain('{"tickets":[{"source":"helpdesk","ticketId":"35436"}]}');
});

test('10. a choice over Kafka undoes it, and the ticket is back', async () => {
  const undo = {
    source: 'helpdesk',
    ticketId: '35436',
    choiceId: 'c-78',
    agent: 'a-12',
    occurredAt: new Date().toISOString(),
    outcome: 'used',
    templateId: 'card-arrival',
    retracts: 'c-77',
  };
  await produce(kafka, service.config.TOPIC_CHOICES, [{ key: 'helpdesk:35436', value: JSON.stringify(undo) }]);
  await waitFor(
    'the ticket to be open again',
    async () => ((await get(path)) as unknown as { state: string }).state,
    (state) => state === 'open',
  );
  const { body } = (await service.request.get('/api/v1/labels').set(service.as('ml'))) as { body: unknown };
  expect(body).toEqual({ items: [], nextCursor: null });
});
