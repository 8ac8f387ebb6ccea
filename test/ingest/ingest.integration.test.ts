import { CloudEvent, Kafka as CloudEvents } from 'cloudevents';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ingestStage, type IngestStage } from '../support/ingest.js';
import { produce, readTopic } from '../support/kafka.js';
import { waitFor } from '../support/waiting.js';

/** What becomes of messages, good and bad: on a real broker, in a real database. */

let stage: IngestStage;
beforeAll(async () => {
  stage = await ingestStage();
});
afterAll(() => stage.stop());

interface TicketRow {
  id: number;
  subject: string;
  body: string;
  fields: Record<string, unknown>;
  closed_at: Date | null;
  content_at: Date | null;
  sample: boolean;
  audit: boolean;
}

const aTicket = (ticketId: string, more: object = {}) => ({
  source: 'helpdesk',
  ticketId,
  occurredAt: '2026-01-05T10:00:00Z',
  event: 'created',
  subject: 'Card not here',
  body: 'I ordered it two weeks ago.',
  ...more,
});
const message = (ticket: { ticketId: string }, headers: Record<string, string> = {}) => ({
  key: `helpdesk:${ticket.ticketId}`,
  value: JSON.stringify(ticket),
  headers,
});

async function stored(ticketId: string): Promise<TicketRow> {
  const rows = await stage.query<TicketRow>('SELECT * FROM tickets WHERE source = $1 AND ticket_id = $2', [
    'helpdesk',
    ticketId,
  ]);
  const [row] = rows;
  if (!row || rows.length > 1) throw new Error(`ticket ${ticketId} is stored ${rows.length} times`);
  return row;
}
const rankRequests = (ticketId: string) =>
  stage.query<{ reason: string; generation: number }>(
    'SELECT r.* FROM rank_requests r JOIN tickets t ON t.id = r.ticket WHERE t.ticket_id = $1',
    [ticketId],
  );
const deadLetters = (where: string, parameters: unknown[] = []) =>
  stage.query<{ reason: string; detail: string; value: Buffer | null; headers: Record<string, string> }>(
    `SELECT * FROM dead_letters WHERE ${where}`,
    parameters,
  );

describe('a ticket', () => {
  test('is stored redacted, as text, and asks to be ranked', async () => {
    const body = '<p>Mail me at <b>ada@example.com</b></p><p>or call +49 30 901820.</p>';
    const fields = {
      country: 'DE',
      orders: 3,
      premium: true,
      note: 'IBAN DE89 3704 0044 0532 0130 00',
      'customer.email': 'ada@example.com',
    };
    await stage.send([message(aTicket('t-1', { body, fields }))]);
    await stage.allRead();
    const row = await stored('t-1');
    expect(row.body).toBe('Mail me at <email>\n\nor call <phone>.');
    expect(row.fields).toEqual({ ...fields, note: 'IBAN <iban>' });
    expect(row).toMatchObject({ subject: 'Card not here', closed_at: null, sample: false, audit: false });
    expect(await rankRequests('t-1')).toMatchObject([{ reason: 'arrived', generation: 1 }]);
    expect(await stage.registry.getSingleMetricAsString('replyrank_ingest_seconds')).toMatch(/_count [1-9]/);
  });

  test('comes as CloudEvent, in the binary and in the structured mode', async () => {
    const event = (ticketId: string) =>
      new CloudEvent({
        id: `event-of-${ticketId}`,
        type: 'ticket.created',
        source: '/helpdesk',
        time: '2026-01-05T10:00:00Z',
        datacontenttype: 'application/json',
        data: { ...aTicket(ticketId), occurredAt: undefined },
      });
    const binary = CloudEvents.binary(event('ce-binary'));
    const structured = CloudEvents.structured(event('ce-structured'));
    await stage.send(
      [binary, structured].map(({ headers, value }) => ({
        value: typeof value === 'string' ? value : JSON.stringify(value),
        headers: JSON.parse(JSON.stringify(headers)) as Record<string, string>,
      })),
    );
    await stage.allRead();
    for (const ticketId of ['ce-binary', 'ce-structured']) {
      const row = await stored(ticketId);
      expect(row.content_at).toEqual(new Date('2026-01-05T10:00:00Z'));
      const events = await stage.query('SELECT event_id FROM ticket_events WHERE ticket = $1', [row.id]);
      expect(events).toEqual([{ event_id: `event-of-${ticketId}` }]);
    }
  });

  test('is stored once, however often its messages are delivered', async () => {
    const batch = Array.from({ length: 30 }, (_, index) => message(aTicket(`again-${index}`)));
    await stage.send([...batch, ...batch]);
    await stage.send(batch);
    await stage.allRead();
    const rows = await stage.query(`SELECT 1 FROM tickets WHERE ticket_id LIKE 'again-%'`);
    expect(rows).toHaveLength(30);
    const requests = await stage.query(
      `SELECT 1 FROM rank_requests r JOIN tickets t ON t.id = r.ticket WHERE ticket_id LIKE 'again-%' AND generation = 1`,
    );
    expect(requests).toHaveLength(30);
  });

  test('says what its newest message says, in whatever order they come', async () => {
    const newer = aTicket('order', { event: 'updated', occurredAt: '2026-01-05T11:00:00Z', body: 'Found it.' });
    await stage.send([message(newer), message(aTicket('order'))]);
    await stage.allRead();
    expect(await stored('order')).toMatchObject({ body: 'Found it.' });
    expect(await rankRequests('order')).toMatchObject([{ generation: 1 }]);
  });

  test('that is updated is ranked again', async () => {
    await stage.send([message(aTicket('update'))]);
    await stage.allRead();
    const update = aTicket('update', { event: 'updated', occurredAt: '2026-01-05T11:00:00Z', body: 'It is late.' });
    await stage.send([message(update)]);
    await stage.allRead();
    expect(await rankRequests('update')).toMatchObject([{ generation: 2 }]);
  });

  test('that is closed needs no ranking, and keeps its text', async () => {
    const closed = { source: 'helpdesk', ticketId: 'close', event: 'closed', occurredAt: '2026-01-05T12:00:00Z' };
    await stage.send([message(aTicket('close')), message(closed)]);
    await stage.allRead();
    expect(await stored('close')).toMatchObject({
      body: 'I ordered it two weeks ago.',
      closed_at: new Date('2026-01-05T12:00:00Z'),
    });
    expect(await rankRequests('close')).toEqual([]);
  });

  test('that was closed before its text came gets the text and stays closed', async () => {
    const closed = { source: 'helpdesk', ticketId: 'late', event: 'closed', occurredAt: '2026-01-05T12:00:00Z' };
    await stage.send([message(closed)]);
    await stage.allRead();
    await stage.send([message(aTicket('late'))]);
    await stage.allRead();
    const row = await stored('late');
    expect(row).toMatchObject({ body: 'I ordered it two weeks ago.', closed_at: new Date('2026-01-05T12:00:00Z') });
    expect(await rankRequests('late')).toEqual([]);
  });

  test('of the sample is marked as such', async () => {
    await stage.send([message(aTicket('sample'), { 'replyrank-sample': '1' })]);
    await stage.allRead();
    expect(await stored('sample')).toMatchObject({ sample: true });
  });
});

describe('a difficult message', () => {
  test('of 5 MB, of 200,000 words, and of an empty body is stored', async () => {
    const words = Array.from({ length: 200_000 }, (_, index) => `word${index % 977}`).join(' ');
    const large = 'x'.repeat(5 * 1024 * 1024);
    await stage.send([
      message(aTicket('large', { body: large })),
      message(aTicket('words', { body: `${words} ada@example.com` })),
      message(aTicket('empty', { subject: '', body: '' })),
    ]);
    await stage.allRead();
    expect((await stored('large')).body).toBe(large);
    expect((await stored('words')).body).toBe(`${words} <email>`);
    expect((await stored('empty')).body).toBe('');
    expect(await rankRequests('empty')).toHaveLength(1);
  });

  test('of nearly 10 MB gets through', async () => {
    const body = 'long words '.repeat(950_000);
    await stage.send([message(aTicket('ten', { body }))]);
    await stage.allRead();
    expect((await stored('ten')).body).toHaveLength(body.length);
  });

  test('with null bytes and lone surrogates is stored with U+FFFD in their place', async () => {
    const value = JSON.stringify(aTicket('odd', { body: 'a\0b', fields: { 'k\0': 'v\0' } })).replace('two', '\\ud800');
    const lone = JSON.stringify(aTicket('lone')).replace('two', '\\udc00');
    await stage.send([
      { key: 'helpdesk:odd', value },
      { key: 'helpdesk:lone', value: lone },
    ]);
    await stage.allRead();
    expect(await stored('odd')).toMatchObject({ body: 'a\ufffdb', fields: { 'k\ufffd': 'v\ufffd' } });
    expect((await stored('lone')).body).toBe('I ordered it \ufffd weeks ago.');
  });
});

describe('a message that can not be read', () => {
  const bad: [name: string, value: Buffer | null, reason: string, detail: RegExp][] = [
    ['broken JSON', Buffer.from('{"source": "helpdesk", "ticketId": '), 'not-json', /not valid JSON/],
    ['a list', Buffer.from('[1, 2]'), 'not-an-object', /object/],
    ['nothing', null, 'empty-message', /no value/],
    ['UTF-16', Buffer.from('\ufeff{"source":"helpdesk"}', 'utf16le'), 'not-utf8', /UTF-8/],
    ['Latin 1', Buffer.from('{"source":"helpdesk","body":"für"}', 'latin1'), 'not-utf8', /UTF-8/],
    ['compressed', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), 'not-utf8', /UTF-8/],
    ...(['0000-01-01T00:00:00Z', '1989-12-31T23:59:59Z'] as const).map((date): [string, Buffer, string, RegExp] => [
      date,
      Buffer.from(JSON.stringify(aTicket('date', { occurredAt: date }))),
      'invalid-date',
      /^occurredAt: must not be before 1990/,
    ]),
    [
      'year 9999',
      Buffer.from(JSON.stringify(aTicket('date', { occurredAt: '9999-12-31T00:00:00Z' }))),
      'invalid-date',
      /^occurredAt: .*ahead/,
    ],
    [
      'the day after tomorrow',
      Buffer.from(
        JSON.stringify(aTicket('date', { occurredAt: new Date(Date.now() + 24.5 * 3_600_000).toISOString() })),
      ),
      'invalid-date',
      /^occurredAt: .*24 hours ahead/,
    ],
    [
      'no date',
      Buffer.from(JSON.stringify(aTicket('date', { occurredAt: undefined }))),
      'invalid-date',
      /^occurredAt:/,
    ],
    [
      'a bad source',
      Buffer.from(JSON.stringify(aTicket('x', { source: 'Help Desk' }))),
      'invalid-field',
      /^source: must be/,
    ],
    [
      'nested fields',
      Buffer.from(JSON.stringify(aTicket('x', { fields: { a: { b: 1 } } }))),
      'invalid-field',
      /^fields.a: must be/,
    ],
    ['a body that is no text', Buffer.from(JSON.stringify(aTicket('x', { body: 7 }))), 'invalid-field', /^body: /],
    ['too many brackets', Buffer.from('['.repeat(200_000)), 'not-json', /not valid JSON/],
    [
      'a nest of objects',
      Buffer.from(`{"source":"helpdesk","x":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`),
      'invalid-field',
      /ticketId/,
    ],
  ];

  test('is kept with its bytes and its reason, and published on the dead-letter topic', async () => {
    for (const [name, value] of bad) await stage.send([{ key: `bad:${name}`, value, headers: { origin: name } }]);
    await stage.send([message(aTicket('after-the-bad'))]);
    await stage.allRead();
    await stored('after-the-bad');
    for (const [name, value, reason, detail] of bad) {
      const found = await deadLetters(`headers ->> 'origin' = $1`, [name]);
      expect(found, name).toMatchObject([{ reason }]);
      expect(found[0]?.detail, name).toMatch(detail);
      expect(found[0]?.value?.equals(value ?? Buffer.alloc(0)) ?? value === null, name).toBe(true);
    }
    await waitFor(
      'the outbox to be empty',
      () => stage.query('SELECT id, topic FROM outbox'),
      (rows) => rows.length === 0,
    );
    const published = await readTopic(stage.kafka, stage.config.TOPIC_TICKETS_DLQ);
    const broken = published.find(({ headers }) => headers.origin === 'broken JSON');
    expect(broken?.value?.toString()).toBe('{"source": "helpdesk", "ticketId": ');
    expect(broken?.headers).toMatchObject({
      'replyrank-reason': 'not-json',
      'replyrank-topic': stage.config.TOPIC_TICKETS,
      'replyrank-offset': expect.stringMatching(/^\d+$/) as string,
      'replyrank-partition': expect.stringMatching(/^\d+$/) as string,
    });
    expect(published).toHaveLength(bad.length);
    expect(await stage.registry.getSingleMetricAsString('replyrank_dead_letters_total')).toContain('reason="not-json"');
  });

  test('never shows in its reason what the customer wrote', async () => {
    const secret = 'my secret is 4711';
    await stage.send([
      message(aTicket('secret', { source: secret, channel: 5, fields: { a: [secret] }, event: secret }), {
        origin: 'secret',
      }),
    ]);
    await stage.allRead();
    const [found] = await deadLetters(`headers ->> 'origin' = 'secret'`);
    expect(found?.reason).toBe('invalid-field');
    expect(found?.detail).not.toContain('4711');
  });

  test('because PostgreSQL refuses it harms no other of its batch', async () => {
    await stage.query(`ALTER TABLE tickets ADD CONSTRAINT refuses CHECK (subject <> 'refused')`);
    await stage.send([
      message(aTicket('poison-1')),
      message(aTicket('poison-2', { subject: 'refused' }), { origin: 'poison' }),
      message(aTicket('poison-3')),
    ]);
    await stage.allRead();
    await stored('poison-1');
    await stored('poison-3');
    expect(await deadLetters(`headers ->> 'origin' = 'poison'`)).toMatchObject([
      { reason: 'handler-error', detail: expect.stringContaining('23514') as string },
    ]);
  });
});

describe('a choice from Kafka', () => {
  const aChoice = (ticketId: string, choiceId: string, more: object = {}) => ({
    source: 'helpdesk',
    ticketId,
    choiceId,
    agent: 'a-12',
    occurredAt: '2026-01-05T12:00:00Z',
    outcome: 'used',
    templateId: 'card-arrival',
    ...more,
  });
  const choose = (...choices: ReturnType<typeof aChoice>[]) =>
    produce(
      stage.kafka,
      stage.config.TOPIC_CHOICES,
      choices.map((choice) => ({ value: JSON.stringify(choice) })),
    );
  const labels = (ticketId: string) =>
    stage.query('SELECT l.template_id FROM labels l JOIN tickets t ON t.id = l.ticket WHERE t.ticket_id = $1', [
      ticketId,
    ]);

  test('waits for its ticket where it comes first', async () => {
    await choose(aChoice('chosen', 'c-1'));
    await waitFor(
      'the choice',
      () => stage.query(`SELECT * FROM choices`),
      ({ length }) => length === 1,
    );
    await stage.send([message(aTicket('chosen'))]);
    await stage.allRead();
    expect(await labels('chosen')).toEqual([{ template_id: 'card-arrival' }]);
  });

  test('that repeats an id with another meaning is a dead letter', async () => {
    await choose(
      aChoice('chosen', 'c-1'),
      aChoice('chosen', 'c-1', { templateId: 'card-lost' }),
      aChoice('chosen', 'c-2', { outcome: 'own-reply' }),
    );
    await waitFor(
      'two dead letters',
      () => deadLetters('topic = $1', [stage.config.TOPIC_CHOICES]),
      ({ length }) => length === 2,
    );
    const reasons = (await deadLetters('topic = $1', [stage.config.TOPIC_CHOICES])).map(({ reason }) => reason);
    expect(reasons.toSorted()).toEqual(['conflict', 'invalid-field']);
    expect(await labels('chosen')).toEqual([{ template_id: 'card-arrival' }]);
  });
});
