/** What those who build on the API rely on: its description, its errors, its pages, its limits, and that logs keep quiet. */
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { routesOnly, type TestApp } from '../support/app.js';
import { arrive, aTicket, rankAll, ranked } from '../support/tickets.js';

/** Nobody else writes this; it stands in tickets and templates, and must stand in no line of the log. */
const secret = 'zwiebelkuchen';

let service: TestApp;
beforeAll(async () => {
  service = await routesOnly({ HTTP_BODY_LIMIT_KB: '64' });
});
afterAll(() => service.stop());

const template = (id: string, more: object = {}) => ({ id, title: `Title of ${id}`, body: `Body of ${id}`, ...more });
const get = (path: string) => service.request.get(path).set(service.as('admin'));
const post = (path: string) => service.request.post(path).set(service.as('admin'));

describe('the description', () => {
  test('is valid OpenAPI, and names what every route takes from its path', async () => {
    const document = (await get('/api-json')).body as {
      paths: Record<string, Record<string, { parameters?: { in: string; name: string }[] }>>;
    };
    expect(await new Validator().validate(document)).toEqual({ valid: true });
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods)) {
        const named = operation.parameters?.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
        expect(named?.toSorted()).toEqual([...(path.match(/{\w+}/g) ?? [])].toSorted());
      }
    }
  });

  test('shows itself as pages, as JSON and as YAML', async () => {
    expect((await get('/api')).text).toContain('swagger-ui');
    expect((await get('/api/swagger-ui.css')).type).toBe('text/css');
    expect((await get('/api-yaml')).text).toMatch(/^openapi: 3/);
  });
});

describe('an error', () => {
  const text = (path: string, body: string, type = 'application/json') => post(path).type(type).send(body);
  const signIn = (body: object) =>
    service.request.post('/api/v1/sign-in').set('Sec-Fetch-Site', 'same-origin').send(body);

  test.for<[number, string, () => ReturnType<typeof get>]>([
    [400, 'JSON that is none', () => text('/api/v1/templates', '{"id":')],
    [400, 'JSON that is no object', () => text('/api/v1/templates', '"id"')],
    [400, 'a path that is no text', () => get('/api/v1/tickets/helpdesk/%E0%A4%A')],
    [
      400,
      'a tensor with fewer values than it says',
      () =>
        post('/v2/models/replyrank/infer').send({
          inputs: [{ name: 'text', datatype: 'BYTES', shape: [2], data: ['one'] }],
        }),
    ],
    [401, 'nobody in particular', () => service.request.get('/api/v1/tickets')],
    [403, 'a role that may not', () => service.request.get('/api/v1/labels').set(service.as('agent'))],
    [404, 'a route that is not there', () => get('/api/v1/nothing')],
    [404, 'a ticket that is not there', () => get('/api/v1/tickets/helpdesk/none')],
    [404, 'a suggestion that is not there', () => get('/api/v1/tickets/helpdesk/none/suggestion')],
    [404, 'a template that is not there', () => get('/api/v1/templates/none')],
    [404, 'a model version that is not there', () => get('/api/v1/models/none')],
    [404, 'a promotion of what is not there', () => post('/api/v1/models/none/promote')],
    [404, 'a model that is not served', () => get('/v2/models/other')],
    [409, 'a roll-back to nothing', () => post('/api/v1/models/rollback')],
    [
      413,
      'a body that is too large',
      () => post('/api/v1/templates').send(template('large', { body: 'x'.repeat(64 * 1024) })),
    ],
    [415, 'a body that is no JSON', () => text('/api/v1/templates', 'id=a&title=b', 'text/plain')],
    [415, 'a form', () => text('/api/v1/templates', 'id=a', 'application/x-www-form-urlencoded')],
    [415, 'JSON in another alphabet', () => text('/api/v1/templates', '{}', 'application/json; charset=latin1')],
    [422, 'a field that is wrong', () => post('/api/v1/templates').send(template('no spaces'))],
    [422, 'no body at all', () => post('/api/v1/templates')],
    [422, 'a template with a null byte', () => post('/api/v1/templates').send(template('a', { title: 'a\0b' }))],
    [422, 'half a character', () => post('/api/v1/templates').send(template('a', { body: 'a\ud800' }))],
    [
      422,
      'a choice with a null byte',
      () => post('/api/v1/tickets/helpdesk/1/choices').send({ choiceId: 'a', outcome: 'none-fits', shown: ['\0'] }),
    ],
    [422, 'a null byte in the path', () => get('/api/v1/tickets/helpdesk/a%00b')],
    [422, 'a null byte in the query', () => get('/api/v1/tickets?channel=a%00b')],
    [422, 'a null byte where the log is searched', () => get('/api/v1/audit-log?actor=a%00b')],
    [422, 'a null byte among the signals', () => get('/api/v1/drift?series=a%00b')],
    [422, 'a null byte in a name', () => signIn({ name: 'a\0b', password: 'x' })],
    [422, 'a source that can be none', () => get('/api/v1/tickets/Help%20Desk/1')],
    [422, 'a page of nothing', () => get('/api/v1/tickets?limit=0')],
    [422, 'a page of everything', () => get('/api/v1/tickets?limit=201')],
    [422, 'a cursor of nobody', () => get('/api/v1/tickets?cursor=abc')],
    [
      422,
      'an id that loses digits as a number',
      () => text('/api/v1/tickets/helpdesk/1/choices', '{"choiceId":9007199254740993,"outcome":"none-fits"}'),
    ],
    [503, 'a model that is away', () => post('/api/v1/rank').send({ text: 'hello' })],
  ])('%i is a problem document: %s', async ([status, , send]) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({ type: 'about:blank', status, requestId: answer.headers['x-request-id'] });
    if (status === 503) expect(answer.headers['retry-after']).toBe('5');
  });

  test.each([
    ['/api/v1/tickets/helpdesk/1/choices', '{"choiceId":9007199254740993,"outcome":"none-fits"}', 'choiceId'],
    ['/api/v1/rank', '{"text":"card","fields":{"customer.id":9007199254740993}}', 'fields.customer.id'],
    ['/v2/models/replyrank/infer', '{"inputs":[{"name":"text","shape":[1e16]}]}', 'inputs.0.shape.0'],
  ])('names the member whose number loses digits: %s', async (path, body, field) => {
    const answer = await text(path, body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ errors: [{ field, message: expect.stringContaining('2^53') as string }] });
  });

  test('names line and column of a mistake in JSON, and says only of a text that ends early that it does', async () => {
    const detail = async (body: string): Promise<unknown> =>
      ((await text('/api/v1/rank', body)).body as { detail: unknown }).detail;
    expect(await detail('{"text":"a"')).toBe('the body is not JSON: line 1, column 12: the text ends early');
    expect(await detail('{\n"text":x}')).toMatch(/^the body is not JSON: line 2, column 8: /);
  });

  test('says of every path which methods it is for, where another one is sent', async () => {
    const document = (await get('/api-json')).body as { paths: Record<string, object> };
    for (const [path, methods] of Object.entries(document.paths)) {
      const answer = await fetch(`${await service.app.getUrl()}${path.replaceAll(/{\w+}/g, 'none')}`, {
        method: 'PUT',
      });
      const wanted = Object.keys(methods).map((method) => method.toUpperCase());
      expect(answer.status, path).toBe(405);
      expect((answer.headers.get('allow') ?? '').split(', '), path).toEqual(expect.arrayContaining(wanted));
      expect(await answer.json()).toMatchObject({ title: 'Method Not Allowed', status: 405 });
    }
    expect((await fetch(`${await service.app.getUrl()}/api/v1/nothing`, { method: 'PUT' })).status).toBe(404);
  });

  test('names every field that is wrong', async () => {
    const answer = await post('/api/v1/templates').send({ id: 'a b', title: ' ', contactTypes: [''] });
    const { errors } = answer.body as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field)).toEqual(['id', 'title', 'body', 'contactTypes.0']);
  });

  test('carries the request id that was sent, if it is fit for a log', async () => {
    const withId = async (id: string) => {
      const answer = await service.request.get('/api/v1/me').set('X-Request-Id', id);
      return (answer.body as { requestId: string }).requestId;
    };
    expect(await withId('order-66.a_b')).toBe('order-66.a_b');
    expect(await withId('"},{"level":60')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await withId('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('cursors that others made up are refused, whatever is in them', async () => {
    const any = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.constant('[1e300,1]'),
    );
    await fc.assert(
      fc.asyncProperty(any, fc.constantFrom('tickets', 'labels', 'templates'), async (text, list) => {
        const answer = await get(`/api/v1/${list}?cursor=${Buffer.from(text).toString('base64url')}`);
        expect([200, 422]).toContain(answer.status);
      }),
      { numRuns: 40 },
    );
  });
});

test('a connection is kept longer than the minute for which a proxy keeps it', async () => {
  const answer = await fetch(`${await service.app.getUrl()}/health/live`);
  expect(Number(/timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(60);
});

describe('a service in trouble', () => {
  let troubled: TestApp;
  beforeAll(async () => {
    troubled = await routesOnly({ HTTP_RATE_LIMIT: '8' });
  });
  afterAll(() => troubled.stop());

  test('answers 500 without a word of what broke; the log has it under the request id', async () => {
    await troubled.query('ALTER TABLE labels RENAME TO labels_away');
    const answer = await troubled.request.get('/api/v1/labels').set(troubled.as('ml')).set('X-Request-Id', 'find-me');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/labels|relation|select/i);
    const line = troubled.logged.find((one) => one.includes('find-me') && one.includes('"stack"')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ level: 50, context: 'Http', requestId: 'find-me' });
    expect(line).toContain('labels');
  });

  test('and one client that asks too often is told when to come again, whatever it asks for', async () => {
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      for (const path of ['/api/v1/tickets', '/api/v1/templates', '/api/v1/models']) {
        const answer = await troubled.request.get(path).set(troubled.as('agent'));
        statuses.push(answer.status);
        if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
    }
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(8);
    expect(statuses.at(-1)).toBe(429);
    expect((await troubled.request.get('/health/live')).status).toBe(200);
  });
});

describe('a database that is away', () => {
  test('makes it not ready, without a word of where it is, and the service goes on when it is back', async () => {
    const cut = await routesOnly();
    const database = new URL(cut.config.DATABASE_URL).pathname.slice(1);
    const admin = await new pg.Client({ connectionString: inject('databaseUrl') }).connect();
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
    const ready = await cut.request.get('/health/ready');
    expect(ready.body).toMatchObject({ details: { database: { status: 'down', message: 'unavailable' } } });
    expect(ready.text).not.toContain(database);
    expect((await cut.request.get('/health/live')).status).toBe(200);
    const answer = await cut.request.get('/api/v1/tickets').set(cut.as('agent'));
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(answer.text).not.toContain(database);
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
    await admin.end();
    expect((await cut.request.get('/api/v1/tickets').set(cut.as('agent'))).status).toBe(200);
    await cut.stop();
  });
});

describe('a list in pages', () => {
  interface Page {
    items: { ticketId: string; id: string }[];
    nextCursor: string | null;
  }
  /** All pages together. `between` runs after each. */
  async function pages(path: string, limit: number, between = (): Promise<void> => Promise.resolve()) {
    const items: Page['items'] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const answer = await get(`${path}limit=${limit}${after}`);
      const page = answer.body as Page;
      expect(page.items.length).toBeLessThanOrEqual(limit);
      items.push(...page.items);
      cursor = page.nextCursor;
      await between();
    }
    return items;
  }

  beforeAll(async () => {
    // Many of one moment: a page may end between them.
    const tickets = Array.from({ length: 23 }, (_, index) => aTicket(`p-${index}`, { source: 'pages' }));
    for (const some of [tickets.slice(0, 9), tickets.slice(9, 10), tickets.slice(10)])
      await arrive(service.dataSource, some);
    for (let index = 0; index < 7; index += 1) await post('/api/v1/templates').send(template(`page-${index}`));
  });

  test('is the whole list, each row once and in order, however long the pages are', async () => {
    const whole = (await get('/api/v1/tickets?source=pages&limit=200')).body as Page;
    const templates = (await get('/api/v1/templates?limit=500')).body as Page;
    expect(whole.items).toHaveLength(23);
    expect(whole.nextCursor).toBeNull();
    for (const limit of [1, 2, 5, 22, 23, 24]) {
      expect(await pages('/api/v1/tickets?source=pages&', limit)).toEqual(whole.items);
      expect(await pages('/api/v1/templates?', limit)).toEqual(templates.items);
    }
  });

  test('shows a row once also while tickets come in, and none of those that were there is left out', async () => {
    let coming = 0;
    const seen = await pages('/api/v1/tickets?source=pages&', 4, () =>
      arrive(service.dataSource, [aTicket(`new-${coming++}`, { source: 'pages' })]),
    );
    const ids = seen.map(({ ticketId }) => ticketId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id.startsWith('p-'))).toHaveLength(23);
  });

  test('can be narrowed', async () => {
    await arrive(service.dataSource, [
      aTicket('n-1', { channel: 'chat', language: 'de', contactType: 'lost' }),
      aTicket('n-2', { channel: 'chat', language: 'en' }),
      aTicket('n-3', { channel: 'chat', language: 'de', event: 'closed' }),
    ]);
    const ids = async (query: string) =>
      ((await get(`/api/v1/tickets?channel=chat&${query}`)).body as Page).items.map(({ ticketId }) => ticketId);
    expect((await ids('')).toSorted()).toEqual(['n-1', 'n-2']);
    expect(await ids('language=de')).toEqual(['n-1']);
    expect(await ids('state=closed')).toEqual(['n-3']);
    expect(await ids('contactType=lost')).toEqual(['n-1']);
    expect((await ids('state=all')).toSorted()).toEqual(['n-1', 'n-2', 'n-3']);
    expect(await ids('source=elsewhere')).toEqual([]);
  });
});

describe('a ticket', () => {
  test('is found by any id that a helpdesk may give it', async () => {
    for (const ticketId of ['a/b', '../x', '?c=1', '#7', '50 %', '100%25', 'é ü 漢', "o'neill", '"', 'a;b', '$1']) {
      await arrive(service.dataSource, [aTicket(ticketId, { source: 'odd' })]);
      const answer = await get(`/api/v1/tickets/odd/${encodeURIComponent(ticketId)}`);
      expect(answer.body).toMatchObject({ ticketId });
    }
  });

  test('stays in no cache on its way to the agent', async () => {
    const { headers } = await get('/api/v1/tickets');
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('for those who watch over it', () => {
  test('it lives, and says what is missing before it is ready', async () => {
    expect((await service.request.get('/health/live')).body).toEqual({ status: 'ok' });
    const ready = await service.request.get('/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({
      status: 'error',
      details: { database: { status: 'up' }, consumer: { status: 'down' }, model: { status: 'down' } },
    });
    const errors = service.logged.filter((line) => line.includes('"level":50') && /health/i.test(line));
    expect(errors).toEqual([]);
  });

  test('it counts under these names', async () => {
    const { text, headers } = await service.request.get('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect([...text.matchAll(/^# TYPE (replyrank_\S+)/gm)].map(([, name]) => name).toSorted()).toEqual([
      'replyrank_alerts',
      'replyrank_choice_messages_total',
      'replyrank_consumer_lag',
      'replyrank_consumer_lost_records_total',
      'replyrank_dead_letters_total',
      'replyrank_ingest_batch_size',
      'replyrank_ingest_seconds',
      'replyrank_model_batch_size',
      'replyrank_model_inference_seconds',
      'replyrank_model_info',
      'replyrank_model_queue_seconds',
      'replyrank_model_restarts_total',
      'replyrank_monitor_backlog_tickets',
      'replyrank_monitor_lag_seconds',
      'replyrank_monitor_last_run_timestamp_seconds',
      'replyrank_monitor_statistic',
      'replyrank_monitor_threshold',
      'replyrank_monitor_tick_duration_seconds',
      'replyrank_outbox_rows',
      'replyrank_rank_backlog',
      'replyrank_suggestions_total',
      'replyrank_tickets_total',
      'replyrank_tombstones_total',
      'replyrank_training_runs_total',
      'replyrank_unreadable_batches_total',
      'replyrank_webhook_deliveries_total',
    ]);
  });

  test('a browser is told to trust nothing from elsewhere', async () => {
    const { headers } = await service.request.get('/');
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers['x-powered-by']).toBeUndefined();
  });
});

describe('the log', () => {
  test('names paths and outcomes, and never what a customer, an agent or a template says, nor a token', async () => {
    const body = `My ${secret} is gone`;
    await arrive(service.dataSource, [aTicket('quiet', { subject: secret, body, fields: { note: secret } })]);
    await post('/api/v1/templates').send(template('quiet', { body }));
    await rankAll(service.dataSource, 'topic', () => ranked('quiet'));
    await get(`/api/v1/tickets?contactType=${secret}`);
    await get('/api/v1/tickets/helpdesk/quiet');
    await get('/api/v1/tickets/helpdesk/quiet/suggestion');
    await post('/api/v1/templates').send(template('quiet', { body }));
    await post('/api/v1/templates').send(template('quiet', { body: `${secret}\0` }));
    await post('/api/v1/templates').type('json').send(`{"title": ${secret}`);
    await post('/api/v1/rank').send({ text: body });
    await post('/v2/models/replyrank/infer').send({
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: [body] }],
    });
    await service.request.get(`/sign-in?code=${secret}`);
    // A query that fails tells its parameters too.
    await service.query('ALTER TABLE template_revisions RENAME TO revisions_away');
    const failed = await post('/api/v1/templates').send(template('unlucky', { title: secret, body }));
    await service.query('ALTER TABLE revisions_away RENAME TO template_revisions');
    expect(failed.status).toBe(500);
    expect(failed.text).not.toContain(secret);
    expect(service.logged.filter((line) => line.includes('/suggestion'))).not.toEqual([]);
    expect(service.logged.filter((line) => line.includes(secret))).toEqual([]);
    expect(service.logged.filter((line) => line.includes(service.token('admin')))).toEqual([]);
  });
});
