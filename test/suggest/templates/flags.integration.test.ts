/** Agents say what is wrong with a template; leads see which to look at. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routesOnly, type TestApp } from '../../support/app.js';
import { arrive, aTicket } from '../../support/tickets.js';

let service: TestApp;
beforeAll(async () => {
  service = await routesOnly();
  await arrive(service.dataSource, [aTicket('1'), aTicket('2', { fields: { country: 'DE' } })]);
  for (const id of ['often', 'seldom', 'fine']) {
    const template = { id, title: `Title of ${id}`, body: 'A body' };
    await service.request.post('/api/v1/templates').set(service.as('lead')).send(template);
  }
});
afterAll(() => service.stop());

const flag = (ticketId: string, flagId: string, templateId: string, reason = 'wrong') =>
  service.request
    .post(`/api/v1/tickets/helpdesk/${ticketId}/flags`)
    .set(service.as('agent'))
    .send({ flagId, templateId, reason });
const toReview = async () => {
  const answer = await service.request.get('/api/v1/flags').set(service.as('lead'));
  return (answer.body as { items: { templateId: string; flags: number; reasons: object }[] }).items;
};

test('a flag is taken once, however often it is sent', async () => {
  expect((await flag('1', 'f-1', 'often')).status).toBe(201);
  expect((await flag('1', 'f-1', 'often')).status).toBe(200);
  expect((await flag('1', 'f-1', 'seldom')).status).toBe(409);
  expect(await toReview()).toMatchObject([{ templateId: 'often', flags: 1 }]);
});

test('what is flagged most often comes first, with the reasons', async () => {
  await flag('2', 'f-2', 'often', 'outdated');
  await flag('2', 'f-3', 'seldom', 'typo');
  expect(await toReview()).toMatchObject([
    { templateId: 'often', flags: 2, reasons: { wrong: 1, outdated: 1 } },
    { templateId: 'seldom', flags: 1, reasons: { typo: 1 } },
  ]);
});

describe('what an agent says of it', () => {
  const say = (flagId: string, note: unknown) =>
    service.request
      .post('/api/v1/tickets/helpdesk/2/flags')
      .set(service.as('agent'))
      .send({ flagId, templateId: 'fine', reason: 'wrong', note });
  const notes = async (): Promise<(string | null)[]> => {
    const answer = await service.request.get('/api/v1/template-statistics/fine').set(service.as('lead'));
    return (answer.body as { flags: { note: string | null }[] }).flags.map(({ note }) => note);
  };

  test('stands beside the flag, without personal data, and nowhere in the audit log', async () => {
    const note = ' The fee is gone: ask grace@example.com or 0151 23456789 ';
    expect((await say('n-1', note)).status).toBe(201);
    expect((await say('n-1', note)).status).toBe(200);
    expect((await say('n-1', 'Something else')).status).toBe(409);
    expect(await notes()).toEqual(['The fee is gone: ask <email> or <phone>']);
    const log = await service.request.get('/api/v1/audit-log').set(service.as('admin'));
    expect(log.text).not.toContain('The fee');
  });

  test('can be left out', async () => {
    for (const [flagId, note] of Object.entries({ 'n-2': undefined, 'n-3': null, 'n-4': '  ' }))
      expect((await say(flagId, note)).status).toBe(201);
    expect((await notes()).slice(0, 3)).toEqual([null, null, null]);
  });

  test('is bounded, and text that can be stored', async () => {
    for (const note of ['x'.repeat(501), 'a\0b', 'a\ud800', 7]) expect((await say('n-5', note)).status).toBe(422);
    await service.query(`DELETE FROM flags WHERE template_id = 'fine'`);
  });
});

test('a change of the template answers its flags, and one that is blocked needs no review', async () => {
  const change = (id: string, body: object) =>
    service.request.patch(`/api/v1/templates/${id}`).set(service.as('lead')).send(body);
  await change('seldom', { body: 'A body without the typo' });
  await change('often', { state: 'blocked' });
  expect(await toReview()).toEqual([]);
});

test('what is not there or not a reason is said', async () => {
  expect((await flag('none', 'f-9', 'often')).status).toBe(404);
  expect((await flag('1', 'f-9', 'none')).status).toBe(422);
  expect((await flag('1', 'f-9', 'fine', 'boring')).status).toBe(422);
});

test('a ticket that is forgotten takes its flags along', async () => {
  await flag('1', 'f-4', 'fine');
  await service.query(`DELETE FROM tickets WHERE ticket_id = '1'`);
  expect(await toReview()).toEqual([]);
});
