/** Alerts in the database and on their way to a webhook: real rows, a real receiver over HTTP. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { updateAlerts, supersedeAlerts, type DetectedCause } from '../../../src/monitoring/alerts/alert-store.js';
import { WebhookSender } from '../../../src/monitoring/alerts/webhook-sender.service.js';
import { eventsChannel } from '../../../src/events/change-events.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { testConfig } from '../../support/kafka.js';
import { waitFor } from '../../support/waiting.js';
import { arrive, aTicket } from '../../support/tickets.js';

let database: TestDatabase;
let receiver: Server;
let received: { body: Record<string, unknown>; key: string | undefined }[] = [];
/** What the receiver answers next; 200 where nothing is said. */
let answers: number[] = [];
beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase();
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = JSON.parse(text) as Record<string, unknown>;
      received.push({ body, key: request.headers['idempotency-key'] as string | undefined });
      response.writeHead(answers.shift() ?? 200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterAll(async () => {
  receiver.close();
  await database.drop();
});
beforeEach(async () => {
  [received, answers] = [[], []];
  await query('DELETE FROM alerts');
});

const query = <T>(sql: string, parameters?: unknown[]): Promise<T[]> => database.source.query(sql, parameters);
const states = () =>
  query<{ cause: string; state: string }>('SELECT cause, state FROM alerts ORDER BY id').then((rows) =>
    rows.map(({ cause, state }) => `${cause} ${state}`),
  );
const told = () =>
  query<{ kind: string }>('SELECT kind FROM alert_events ORDER BY id').then((rows) => rows.map(({ kind }) => kind));
const sender = (environment: Record<string, string> = {}): WebhookSender => {
  const { port } = receiver.address() as AddressInfo;
  const config = testConfig(database.url, {
    MONITOR_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
    ...environment,
  });
  return new WebhookSender(database.source, config, new Registry());
};

const newTopic = (more: Partial<DetectedCause> = {}): DetectedCause => ({
  cause: 'new-topic:',
  group: 'drift',
  action: 'label-first',
  headline: 'Every tenth ticket is of a topic <new> to the model',
  findings: [],
  evidence: { words: ['crypto', 'wallet'] },
  examples: [],
  ...more,
});
const look = (hours: number, ...causes: DetectedCause[]) =>
  database.source.transaction((manager) =>
    updateAlerts(manager, {
      modelVersion: 'm-1',
      stream: 'tickets',
      at: new Date(Date.parse('2026-01-05T10:00:00Z') + hours * 3_600_000),
      causes,
      groupOf: (cause) => (cause.startsWith('field-gone') ? cause : 'drift'),
      deliver: true,
    }),
  );

describe('a look', () => {
  test('opens one alert for a cause, which the next looks find again', async () => {
    const [first] = await look(0, newTopic());
    expect(await look(1, newTopic({ headline: 'Every fifth ticket' }))).toEqual([first]);
    expect(await states()).toEqual(['new-topic: open']);
    expect(await told()).toEqual(['opened']);
    expect(await query('SELECT headline FROM alerts')).toEqual([{ headline: 'Every fifth ticket' }]);
  });

  test('is heard of by open pages once it is stored', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const heard: unknown[] = [];
    client.on('notification', ({ payload }) => heard.push(JSON.parse(payload ?? '')));
    await client.query(`LISTEN ${eventsChannel}`);
    await look(0, newTopic());
    await waitFor('the event', () => Promise.resolve(heard.length > 0));
    await client.end();
    expect(heard).toEqual([{ type: 'monitor' }]);
  });

  test('that names the cause better keeps the alert, and says so', async () => {
    const [first] = await look(0, newTopic({ cause: 'wording:' }));
    expect(await look(1, newTopic())).toEqual([first]);
    expect(await states()).toEqual(['new-topic: open']);
    expect(await told()).toEqual(['opened', 'updated']);
  });

  test('tells each name once, however often the cause is called now this and now that', async () => {
    for (let hour = 0; hour < 6; hour += 1) await look(hour, newTopic({ cause: hour % 2 ? 'wording:' : 'new-topic:' }));
    expect(await states()).toEqual(['wording: open']);
    expect(await told()).toEqual(['opened', 'updated']);
  });

  test('opens another alert for what has another cause', async () => {
    const gone = newTopic({ cause: 'field-gone:country', group: 'field-gone:country', action: 'repair' });
    await look(0, newTopic());
    await look(1, newTopic(), gone);
    expect(await states()).toEqual(['new-topic: open', 'field-gone:country open']);
  });

  test('that does not see it any more closes it after a day, and a return opens it again', async () => {
    const [first] = await look(0, newTopic());
    await look(12);
    expect(await states()).toEqual(['new-topic: open']);
    await look(25);
    expect(await states()).toEqual(['new-topic: closed']);
    expect(await look(30, newTopic())).toEqual([first]);
    expect(await told()).toEqual(['opened', 'closed', 'reopened']);
  });

  test('keeps example tickets until they are gone', async () => {
    await arrive(database.source, [aTicket('one'), aTicket('two')]);
    const ids = (await query<{ id: number }>('SELECT id FROM tickets ORDER BY id')).map(({ id }) => id);
    await look(0, newTopic({ examples: ids }));
    await query('DELETE FROM tickets WHERE id = $1', [ids[0]]);
    expect(await query('SELECT ticket FROM alert_examples')).toEqual([{ ticket: ids[1] }]);
    await look(1, newTopic({ examples: ids }));
    expect(await query('SELECT ticket FROM alert_examples')).toEqual([{ ticket: ids[1] }]);
  });

  test('of another model closes what the old one had raised', async () => {
    await look(0, newTopic());
    await database.source.transaction((manager) =>
      supersedeAlerts(manager, { serving: 'm-2', at: new Date('2026-01-05T11:00:00Z'), deliver: true }),
    );
    expect(await states()).toEqual(['new-topic: closed']);
  });
});

describe('the webhook', () => {
  test("gets a message in Slack's form, without words of tickets", async () => {
    await look(0, newTopic());
    await sender().sendDue();
    expect(received).toHaveLength(1);
    const [{ body, key } = { body: {}, key: '' }] = received;
    expect(body.text).toMatch(/^New alert \d+: Every tenth ticket is of a topic &lt;new&gt; to the model$/);
    expect(body.blocks).toEqual([
      { type: 'section', text: { type: 'mrkdwn', text: `*${String(body.text)}*` } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: 'proposed action: label-first · model m-1' }] },
    ]);
    expect(key).toMatch(/^replyrank-alert-event-\d+$/);
    expect(await query('SELECT 1 FROM alert_deliveries')).toEqual([]);
  });

  test('gets the words where that is allowed', async () => {
    await look(0, newTopic());
    await sender({ MONITOR_WEBHOOK_WORDS: 'true' }).sendDue();
    expect(JSON.stringify(received[0]?.body)).toContain('words: crypto, wallet');
  });

  test("gets Alertmanager's payload: firing, and resolved once it is closed", async () => {
    const alertmanager = sender({ MONITOR_WEBHOOK_FORMAT: 'alertmanager' });
    await look(0, newTopic());
    await alertmanager.sendDue();
    await look(25);
    await alertmanager.sendDue();
    expect(received.map(({ body }) => body.status)).toEqual(['firing', 'resolved']);
    expect(received[1]?.body).toMatchObject({
      version: '4',
      commonLabels: { alertname: 'ReplyrankDrift', cause: 'new-topic:', action: 'label-first' },
      alerts: [{ status: 'resolved', startsAt: '2026-01-05T10:00:00.000Z', endsAt: '2026-01-06T11:00:00.000Z' }],
    });
    expect(JSON.stringify(received)).not.toContain('wallet');
  });

  test('that is away is tried again later, with the same key', async () => {
    answers = [500];
    await look(0, newTopic());
    const slack = sender();
    await slack.sendDue();
    await slack.sendDue();
    expect(received).toHaveLength(1);
    await query('UPDATE alert_deliveries SET due_at = now()');
    await slack.sendDue();
    expect(received).toHaveLength(2);
    expect(received[0]).toEqual(received[1]);
    expect(await query('SELECT 1 FROM alert_deliveries')).toEqual([]);
  });

  test('is told of one event by one replica', async () => {
    await look(0, newTopic());
    await Promise.all([sender().sendDue(), sender().sendDue()]);
    expect(received).toHaveLength(1);
  });
});
