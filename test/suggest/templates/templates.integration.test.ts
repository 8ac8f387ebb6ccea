/** Reply templates: written, changed, blocked and retired by leads, suggested by the real model from then on. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importTemplates } from '../../../src/suggest/templates/templates.service.js';
import type { ImportedTemplate } from '../../../src/suggest/templates/template-text.js';
import { wholeService, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/waiting.js';
import { arrive, aTicket } from '../../support/tickets.js';

let service: TestApp;
beforeAll(async () => {
  service = await wholeService();
  for (const template of [
    { id: 'card-arrival', title: 'Card arrival', body: 'Your new card is on its way to you by post.' },
    { id: 'card-lost', title: 'Card lost', body: 'We have blocked your lost or stolen card at once.' },
    { id: 'refund', title: 'Refund', body: 'We have given you your money back.' },
    { id: 'exchange', title: 'Exchange rate', body: 'We change money at the rate of the banks, without a fee.' },
  ]) {
    expect((await create(template)).status).toBe(201);
  }
});
afterAll(() => service.stop());

const create = (template: object) => service.request.post('/api/v1/templates').set(service.as('lead')).send(template);
const change = (id: string, to: object) =>
  service.request.patch(`/api/v1/templates/${id}`).set(service.as('lead')).send(to);
const aTemplate = (more: object = {}) => ({
  id: `t-${randomUUID()}`,
  title: 'Opening hours',
  body: 'We are open from nine to five.',
  state: 'draft',
  ...more,
});

interface Template {
  id: string;
  title: string;
  state: string;
  revision: number;
  history: { revision: number; title: string; body: string; state: string; changedBy: string }[];
}
const read = async (id: string) =>
  (await service.request.get(`/api/v1/templates/${id}`).set(service.as('agent'))).body as Template;

interface Suggestion {
  suggestionId: string;
  revision: number;
  items: { rank: number; templateId: string; title: string; body: string }[];
}
async function suggestion(ticketId: string): Promise<Suggestion | null> {
  const path = `/api/v1/tickets/helpdesk/${ticketId}/suggestion?limit=10`;
  const answer = await service.request.get(path).set(service.as('agent'));
  return answer.status === 200 ? (answer.body as Suggestion) : null;
}
const suggested = async (ticketId: string): Promise<string[]> =>
  (await suggestion(ticketId))?.items.map(({ templateId }) => templateId) ?? [];
const isRanked = (ticketId: string): Promise<unknown> =>
  waitFor(`a suggestion for ${ticketId}`, () => suggestion(ticketId));
/** Nothing waits to be ranked any more. */
const allRanked = (): Promise<unknown> =>
  waitFor(
    'all to be ranked',
    () => service.query('SELECT * FROM rank_requests'),
    (requests) => requests.length === 0,
  );

async function aRankedTicket(body = 'When will my new card come by post?'): Promise<string> {
  const ticketId = randomUUID();
  await arrive(service.dataSource, [aTicket(ticketId, { subject: '', body })]);
  await isRanked(ticketId);
  await allRanked();
  return ticketId;
}

describe('a template', () => {
  test('is written once, with an id of its own', async () => {
    const template = aTemplate({ title: '  Opening hours ', contactTypes: ['hours'], state: undefined });
    const answer = await create(template);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ title: 'Opening hours', state: 'allowed', revision: 1, sample: false });
    const again = await create(template);
    expect(again.status).toBe(409);
    expect((await read(template.id)).history).toHaveLength(1);
    await change(template.id, { state: 'retired' });
  });

  test('is written once also by two at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const template = aTemplate();
      const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => create(template)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409, 409]);
    }
  });

  test('keeps what it was and who changed it', async () => {
    const { id } = aTemplate();
    await create(aTemplate({ id }));
    await change(id, { body: 'We are open from ten to four.' });
    await service.request.patch(`/api/v1/templates/${id}`).set(service.as('admin')).send({ title: 'Hours' });
    const { history, ...now } = await read(id);
    expect(now).toMatchObject({ title: 'Hours', body: 'We are open from ten to four.', revision: 3 });
    expect(history).toMatchObject([
      { revision: 3, title: 'Hours', body: 'We are open from ten to four.', changedBy: 'the admin' },
      { revision: 2, title: 'Opening hours', body: 'We are open from ten to four.', changedBy: 'the lead' },
      { revision: 1, title: 'Opening hours', body: 'We are open from nine to five.', changedBy: 'the lead' },
    ]);
  });

  test('has no new revision where nothing is different', async () => {
    const { id } = aTemplate();
    await create(aTemplate({ id }));
    expect((await change(id, { title: 'Opening hours', state: 'draft' })).body).toMatchObject({ revision: 1 });
    expect((await read(id)).history).toHaveLength(1);
  });

  test('takes changes of two at the same moment one after the other', async () => {
    const { id } = aTemplate();
    await create(aTemplate({ id }));
    const answers = await Promise.all([
      change(id, { title: 'A' }),
      change(id, { body: 'B' }),
      change(id, { contactTypes: ['c'] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await read(id)).toMatchObject({ title: 'A', body: 'B', contactTypes: ['c'], revision: 4 });
    expect((await read(id)).history.map(({ revision }) => revision)).toEqual([4, 3, 2, 1]);
  });

  test.for<[string, object]>([
    ['nothing', {}],
    ['an empty title', { title: ' ' }],
    ['a title of a page', { title: 'x'.repeat(201) }],
    ['a body of a book', { body: 'x'.repeat(20_001) }],
    ['a state that is none', { state: 'deleted' }],
  ])('is not changed to %s', async ([, to]) => {
    expect((await change('refund', to)).status).toBe(422);
    expect((await read('refund')).revision).toBe(1);
  });

  test('is found by its state', async () => {
    const { id } = aTemplate();
    await create(aTemplate({ id }));
    const ids = async (state: string) => {
      const answer = await service.request.get(`/api/v1/templates?limit=500&state=${state}`).set(service.as('agent'));
      return (answer.body as { items: Template[] }).items.map((template) => template.id);
    };
    expect(await ids('draft')).toContain(id);
    expect(await ids('allowed')).not.toContain(id);
  });
});

describe('a new template', () => {
  const body = 'To teach a parrot to speak, repeat the same word to the bird every day.';

  test('can be suggested at once by its text, for new tickets and for those that are open', async () => {
    const open = await aRankedTicket('How does my parrot, the bird, learn to speak a word?');
    const before = await suggestion(open);
    await create({ id: 'parrot', title: 'Teaching a parrot', body });
    const text = 'My bird is a parrot that does not speak';
    await waitFor('the new template to be ranked first', async () => {
      const answer = await service.request.post('/api/v1/rank').set(service.as('agent')).send({ text });
      return (answer.body as Suggestion).items[0]?.templateId === 'parrot';
    });
    await waitFor('the open ticket to be ranked again', async () => (await suggested(open))[0] === 'parrot');
    const after = await suggestion(open);
    expect(after?.revision).toBeGreaterThan(before?.revision ?? NaN);
    expect(after?.suggestionId).not.toBe(before?.suggestionId);
    expect((await suggested(await aRankedTicket(text)))[0]).toBe('parrot');
  });

  test('ranks nothing again while it is a draft', async () => {
    const ticket = await aRankedTicket();
    const before = await suggestion(ticket);
    await create(aTemplate());
    expect(await service.query('SELECT 1 FROM rank_requests')).toEqual([]);
    expect(await suggestion(ticket)).toEqual(before);
  });

  test('leaves tickets alone that are answered or closed', async () => {
    const [answered, closed] = [await aRankedTicket(), await aRankedTicket()];
    await service.request
      .post(`/api/v1/tickets/helpdesk/${answered}/choices`)
      .set(service.as('agent'))
      .send({ choiceId: randomUUID(), outcome: 'used', templateId: 'refund' });
    await arrive(service.dataSource, [aTicket(closed, { event: 'closed', occurredAt: '2026-01-06T10:00:00Z' })]);
    const before = [await suggestion(answered), await suggestion(closed)];
    await create(aTemplate({ state: 'allowed' }));
    await allRanked();
    expect([await suggestion(answered), await suggestion(closed)]).toEqual(before);
  });
});

describe('a template that is blocked', () => {
  test('is gone at once from every suggestion, and the others move up', async () => {
    const ticket = await aRankedTicket();
    const [first, ...others] = await suggested(ticket);
    expect(first).toBe('card-arrival');
    await change('card-arrival', { state: 'blocked' });
    const now = await suggestion(ticket);
    expect(now?.items.map(({ templateId }) => templateId)).toEqual(others);
    expect(now?.items.map(({ rank }) => rank)).toEqual(others.map((_, index) => index + 1));
    const list = await service.request.get('/api/v1/tickets?limit=200').set(service.as('agent'));
    const rows = (list.body as { items: { ticketId: string; suggestion: { templateId: string } | null }[] }).items;
    expect(rows.find(({ ticketId }) => ticketId === ticket)?.suggestion?.templateId).toBe(others[0]);

    await waitFor('the model to leave it out', async () => {
      const answer = await service.request
        .post('/api/v1/rank')
        .set(service.as('agent'))
        .send({ text: 'When will my new card come?', limit: 100 });
      return !(answer.body as Suggestion).items.some(({ templateId }) => templateId === 'card-arrival');
    });
    await allRanked();
    expect(await suggested(ticket)).not.toContain('card-arrival');

    await change('card-arrival', { state: 'allowed' });
    await waitFor('it to be back', async () => (await suggested(ticket))[0] === 'card-arrival');
  });

  test('shows a text that was changed in its new words at once', async () => {
    const ticket = await aRankedTicket();
    await change('card-arrival', { body: 'Your new card is on its way to you by post, since today.' });
    const [first] = (await suggestion(ticket))?.items ?? [];
    expect(first?.body).toBe('Your new card is on its way to you by post, since today.');
  });

  test('can be retired for good, with its history', async () => {
    const ticket = await aRankedTicket();
    expect(await suggested(ticket)).toContain('exchange');
    await change('exchange', { state: 'retired' });
    expect(await suggested(ticket)).not.toContain('exchange');
    expect(await read('exchange')).toMatchObject({ state: 'retired', revision: 2 });
  });
});

describe('an import', () => {
  const rows = ['a', 'b', 'c'].map((name) => ({
    id: `imported-${name}`,
    title: `Imported ${name}`,
    body: `The text of ${name}`,
    contactTypes: [name],
    state: 'allowed' as const,
  }));
  const run = (templates: ImportedTemplate[]) =>
    service.dataSource.transaction((manager) => importTemplates(manager, templates, { actor: 'command line' }));

  test('adds what is new, changes what is different, and can be repeated', async () => {
    expect(await run(rows)).toEqual({ added: 3, changed: 0, unchanged: 0 });
    await allRanked();
    expect(await run(rows)).toEqual({ added: 0, changed: 0, unchanged: 3 });
    expect(await service.query('SELECT 1 FROM rank_requests')).toEqual([]);
    const changed = rows.map((row, index) => (index === 1 ? { ...row, title: 'Another title' } : row));
    expect(await run(changed)).toEqual({ added: 0, changed: 1, unchanged: 2 });
    expect((await read('imported-b')).history).toMatchObject([
      { revision: 2, title: 'Another title', changedBy: 'command line' },
      { revision: 1, title: 'Imported b' },
    ]);
  });

  test('leaves a template blocked that somebody has blocked, unless the file says otherwise', async () => {
    const [first] = rows.map(({ state, ...row }) => row);
    const stateOf = async () => (await read('imported-a')).state;
    await service.request
      .patch('/api/v1/templates/imported-a')
      .set(service.as('lead'))
      .send({ state: 'blocked' })
      .expect(200);
    expect(await run([first as ImportedTemplate])).toMatchObject({ unchanged: 1 });
    expect(await stateOf()).toBe('blocked');
    expect(await run(rows.slice(0, 1))).toMatchObject({ changed: 1 });
    expect(await stateOf()).toBe('allowed');
    await run([{ ...(first as ImportedTemplate), id: 'imported-new' }]);
    expect((await read('imported-new')).state).toBe('allowed');
  });

  test('is whole or not at all', async () => {
    const broken = [
      { ...rows[0], id: 'imported-d' },
      { ...rows[1], id: 'imported-e', title: null },
    ];
    await expect(run(broken as never)).rejects.toThrow('null value');
    expect((await service.request.get('/api/v1/templates/imported-d').set(service.as('agent'))).status).toBe(404);
  });
});
