/** The real model asked at once, without a ticket: in our own words, and in those of the Open Inference Protocol. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChampionService } from '../../../src/suggest/versions/champion.service.js';
import { wholeService, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/waiting.js';
import { arrive, aTicket } from '../../support/tickets.js';

let service: TestApp;
beforeAll(async () => {
  service = await wholeService({ MODEL_MAX_QUEUE: '300' });
  for (const [id, body] of [
    ['arrival', 'Your new card is on its way to you by post.'],
    ['refund', 'We have given you your money back.'],
  ]) {
    await service.request.post('/api/v1/templates').set(service.as('lead')).send({ id, title: id, body });
  }
  await waitFor('the model to know the templates', async () => {
    const { body } = await post('/api/v1/rank', { text: 'money back' });
    return (body as { items: unknown[] }).items.length === 2;
  });
});
afterAll(() => service.stop());

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}
const post = async (path: string, body: object): Promise<Answer> =>
  service.request.post(path).set(service.as('ml')).send(body);
const get = async (path: string): Promise<Answer> => service.request.get(path).set(service.as('ml'));
const input = (data: unknown, shape: number[], name = 'text') => ({ name, datatype: 'BYTES', shape, data });
const infer = (...inputs: object[]) => post('/v2/models/replyrank/infer', { inputs });

describe('the words behind a suggestion', () => {
  const path = '/api/v1/tickets/helpdesk/explained/suggestion';

  test('are told on demand, with their places in the ticket', async () => {
    const body = 'Where is the card that you sent by post?';
    await arrive(service.dataSource, [aTicket('explained', { subject: 'Post', body })]);
    await waitFor(
      'the ticket to be ranked',
      async () => (await get(path)).status,
      (status) => status === 200,
    );
    expect(JSON.stringify((await get(path)).body)).not.toContain('"words"');
    const { items } = (await get(`${path}?explain=true`)).body as {
      items: {
        templateId: string;
        words: { part: string; start: number; end: number; text: string; weight: number }[];
      }[];
    };
    expect(items[0]?.templateId).toBe('arrival');
    const words = items[0]?.words ?? [];
    expect(words.some(({ part, text, weight }) => part === 'body' && text === 'card' && weight > 0)).toBe(true);
    for (const { part, start, end, text } of words) {
      expect((part === 'subject' ? 'Post' : body).slice(start, end)).toBe(text);
    }
  });

  test('are not made up for a suggestion of a model that ranks no more', async () => {
    await service.query(`UPDATE suggestions SET model_version = 'gone'`);
    expect((await get(`${path}?explain=true`)).body).toMatchObject({ items: [{ words: null }, { words: null }] });
    expect((await get(`${path}?explain=perhaps`)).status).toBe(422);
  });
});

describe('ranking a text', () => {
  test('answers templates with falling probabilities, and stores nothing', async () => {
    const { status, body } = await post('/api/v1/rank', { text: 'Where is the card you sent by post?' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ modelVersion: 'text-match', abstained: false, reason: null });
    const { items } = body as { items: { rank: number; templateId: string; probability: number }[] };
    expect(items.map(({ rank, templateId }) => [rank, templateId])).toEqual([
      [1, 'arrival'],
      [2, 'refund'],
    ]);
    expect(items[0]?.probability).toBeGreaterThan(items[1]?.probability ?? NaN);
    expect(await service.query(`SELECT 1 FROM tickets WHERE ticket_id <> 'explained'`)).toEqual([]);
  });

  test('can say no, and as many as asked for', async () => {
    expect((await post('/api/v1/rank', { text: '' })).body).toMatchObject({ reason: 'empty-text', items: [] });
    const { body } = await post('/api/v1/rank', { subject: 'Card', body: 'by post', limit: 1 });
    expect((body as { items: unknown[] }).items).toHaveLength(1);
    expect((await post('/api/v1/rank', { text: 'x', limit: 0 })).status).toBe(422);
  });

  test('takes any text for a text', async () => {
    for (const text of ['\0', '\ud800', '👩‍👩‍👧‍👦'.repeat(100), 'ي'.repeat(5000), '<script>', ' \n\t ']) {
      expect((await post('/api/v1/rank', { text })).status).toBe(200);
    }
  });
});

describe('the Open Inference Protocol', () => {
  test('says what is served', async () => {
    expect((await get('/v2')).body).toMatchObject({
      name: 'replyrank',
      version: '2',
      extensions: ['binary_tensor_data'],
    });
    expect((await get('/v2/health/live')).body).toEqual({ live: true });
    expect((await get('/v2/health/ready')).body).toEqual({ ready: true });
    for (const path of ['/v2/models/replyrank', '/v2/models/replyrank/versions/text-match']) {
      expect((await get(path)).body).toMatchObject({
        name: 'replyrank',
        versions: ['text-match'],
        platform: 'tensorflow',
        inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }, { name: 'subject' }],
        outputs: [{ name: 'template_id' }, { name: 'probability' }, { name: 'abstained' }],
      });
      expect((await get(`${path}/ready`)).body).toEqual({ name: 'replyrank', ready: true });
    }
    expect((await get('/v2/models/replyrank/versions/other')).status).toBe(404);
  });

  test('answers tensors in row-major order; a row without a suggestion is empty', async () => {
    const texts = ['Where is the card you sent by post?', '', 'Give me my money back'];
    const { status, body } = await infer(input(texts, [3]));
    expect(status).toBe(200);
    expect(body).toMatchObject({ model_name: 'replyrank', model_version: 'text-match' });
    const [ids, probabilities, abstained] = (body as { outputs: { name: string; data: unknown[] }[] }).outputs;
    expect(ids).toEqual({
      name: 'template_id',
      datatype: 'BYTES',
      shape: [3, 2],
      data: ['arrival', 'refund', '', '', 'refund', 'arrival'],
    });
    expect(probabilities).toMatchObject({ datatype: 'FP32', shape: [3, 2] });
    expect(probabilities?.data.slice(2, 4)).toEqual([0, 0]);
    expect(abstained).toMatchObject({ datatype: 'BOOL', shape: [3], data: [false, true, false] });
  });

  test('gives the id back, and only the outputs that were asked for', async () => {
    const { body } = await post('/v2/models/replyrank/versions/text-match/infer', {
      id: '42',
      inputs: [input([['By post?'], ['Money?']], [2, 1]), input(['Card', 'Refund'], [2], 'subject')],
      outputs: [{ name: 'abstained' }],
    });
    expect(body).toMatchObject({ id: '42', outputs: [{ name: 'abstained', data: [false, false] }] });
    expect((body as { outputs: unknown[] }).outputs).toHaveLength(1);
  });

  test('refuses an output that it does not have, by name', async () => {
    const body = { inputs: [input(['Card'], [1])], outputs: [{ name: 'scores' }] };
    const answer = await post('/v2/models/replyrank/infer', body);
    expect(answer.status).toBe(400);
    expect((answer.body as { error: string }).error).toContain('output scores');
  });

  test.for<[string, object[]]>([
    ['no text', [input(['a'], [1], 'subject')]],
    ['another number of values than the shape says', [input(['a', 'b'], [3])]],
    ['another number of subjects than texts', [input(['a'], [1]), input(['b', 'c'], [2], 'subject')]],
    ['an input that it does not know', [input(['a'], [1]), input(['b'], [1], 'txet')]],
    ['more texts than a request may have', [input(Array.from({ length: 257 }, String), [257])]],
  ])('refuses %s', async ([, inputs]) => {
    const answer = await infer(...inputs);
    expect(answer.status).toBe(400);
    // Where clients of the protocol look for the message.
    expect((answer.body as { error: string }).error).toContain('input');
  });
});

describe('the model', () => {
  test('that is full says when to come again, and answers those that it took', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const answer = await infer(
          input(
            Array.from({ length: 200 }, (_, index) => `question ${index}`),
            [200],
          ),
        );
        if (answer.status === 503) expect(answer.headers['retry-after']).toBe('1');
        return answer.status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
  });

  test('that is killed comes back, and the service was alive all the while', async () => {
    process.kill(service.app.get(ChampionService).status().pid ?? NaN, 'SIGKILL');
    const answer = await post('/api/v1/rank', { text: 'Where is my card?' });
    expect([200, 503]).toContain(answer.status);
    expect((await service.request.get('/health/live')).status).toBe(200);
    await waitFor(
      'it to be ready again',
      async () => (await service.request.get('/health/ready')).status,
      (status) => status === 200,
    );
    expect((await post('/api/v1/rank', { text: 'Where is my card?' })).status).toBe(200);
    expect((await service.request.get('/metrics')).text).toContain('replyrank_model_restarts_total 1');
  });
});
