/** How templates do, and all of them as one file: what a lead relies on over HTTP. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTemplateFile } from '../../../src/suggest/templates/template-import.js';
import { routesOnly, type TestApp } from '../../support/app.js';
import { arrive, aTicket, rankAll, ranked, unsure } from '../../support/tickets.js';

let service: TestApp;
beforeAll(async () => {
  service = await routesOnly();
});
afterAll(() => service.stop());

const get = (path: string) => service.request.get(`/api/v1/${path}`).set(service.as('lead'));
const post = (path: string, body: object) => service.request.post(`/api/v1/${path}`).set(service.as('lead')).send(body);
const patch = (id: string, body: object) =>
  service.request.patch(`/api/v1/templates/${id}`).set(service.as('lead')).send(body);

interface Figures {
  templateId: string;
  shown: number;
  first: number;
  acceptance: { value: number; low: number; high: number; of: number } | null;
  used: number;
  lastUsedAt: string | null;
  flags: number;
  reasons: object;
  overridden: number;
  topAlternative: { templateId: string; times: number } | null;
}
async function figuresOf(id: string, days = 90): Promise<Figures | undefined> {
  const answer = await get(`template-statistics?days=${days}`).expect(200);
  return (answer.body as { items: Figures[] }).items.find(({ templateId }) => templateId === id);
}

describe('the figures of templates', () => {
  const occurredAt = new Date(Date.now() - 2 * 86_400_000).toISOString();
  /** A ticket for which these were suggested, and what the agent did. */
  async function decided(shown: string[], choice: object, { says = true, at = occurredAt } = {}): Promise<string> {
    const ticketId = randomUUID();
    await arrive(service.dataSource, [aTicket(ticketId, { fields: { 'customer.firstName': 'Ada', orders: 3 } })]);
    await rankAll(service.dataSource, 'topic', () => (shown.length > 0 ? ranked(...shown) : unsure('arrival')));
    const body = { choiceId: randomUUID(), occurredAt: at, ...(says && { shown }), ...choice };
    await service.request
      .post(`/api/v1/tickets/helpdesk/${ticketId}/choices`)
      .set(service.as('agent'))
      .send(body)
      .expect(201);
    return ticketId;
  }

  beforeAll(async () => {
    for (const id of ['arrival', 'lost', 'refund', 'never'])
      await post('templates', { id, title: `Title of ${id}`, body: 'Hi {{customer.firstName}}' }).expect(201);
    await decided(['arrival', 'lost'], { outcome: 'used', templateId: 'arrival' });
    await decided(['arrival', 'lost'], { outcome: 'edited', templateId: 'arrival' }, { says: false });
    await decided(['arrival', 'lost'], { outcome: 'used', templateId: 'lost' });
    await decided(['arrival', 'lost'], { outcome: 'used', templateId: 'lost' });
    await decided(['arrival'], { outcome: 'other-template', templateId: 'refund' });
    await decided(['lost', 'arrival'], { outcome: 'other-template', templateId: 'refund' });
    // Looked up where nothing was suggested; an own reply, which says nothing; none fits, which names no other.
    await decided([], { outcome: 'other-template', templateId: 'refund' });
    await decided(['refund'], { outcome: 'own-reply', templateId: null });
    await decided(['refund'], { outcome: 'none-fits', templateId: null });
  });

  test('say how often one was shown, taken where it stood first, with its interval, and used at all', async () => {
    expect(await figuresOf('arrival')).toMatchObject({ shown: 6, first: 5, used: 2, flags: 0 });
    const acceptance = (await figuresOf('arrival'))?.acceptance;
    expect(acceptance).toMatchObject({ value: 0.4, of: 5 });
    expect(acceptance?.low).toBeLessThan(0.4);
    expect(acceptance?.high).toBeGreaterThan(0.4);
    expect(await figuresOf('refund')).toMatchObject({ shown: 1, first: 1, used: 3, acceptance: { value: 0, of: 1 } });
  });

  test('count what was imported with a history apart from what agents used here', async () => {
    const ticketId = randomUUID();
    await arrive(service.dataSource, [aTicket(ticketId)]);
    await service.query(
      `INSERT INTO labels (ticket, template_id, provenance, labelled_at)
       SELECT id, 'lost', 'history', now() FROM tickets WHERE ticket_id = $1`,
      [ticketId],
    );
    expect(await figuresOf('lost')).toMatchObject({ used: 2, imported: 1 });
    expect((await get('template-statistics/lost')).body).toMatchObject({ used: 2, imported: 1 });
  });

  test('find what is never used', async () => {
    expect(await figuresOf('never')).toMatchObject({ shown: 0, used: 0, acceptance: null, lastUsedAt: null });
  });

  test('name what is taken instead, until the two are merged', async () => {
    expect(await figuresOf('arrival')).toMatchObject({
      overridden: 3,
      topAlternative: { templateId: 'lost', times: 2 },
    });
    const answer = await get('template-statistics/arrival').expect(200);
    expect(answer.body).toMatchObject({
      shown: 6,
      used: 2,
      confusedWith: [
        { templateId: 'lost', takenInstead: 2, suggestedInstead: 0 },
        { templateId: 'refund', takenInstead: 1, suggestedInstead: 0 },
      ],
    });
    await patch('lost', { mergedInto: 'arrival' }).expect(200);
    expect(await figuresOf('arrival')).toMatchObject({
      overridden: 1,
      topAlternative: { templateId: 'refund', times: 1 },
    });
    await patch('lost', { mergedInto: null, state: 'allowed' }).expect(200);
  });

  test('are of the days that are asked for', async () => {
    const longAgo = new Date(Date.now() - 40 * 86_400_000).toISOString();
    await decided(['never'], { outcome: 'used', templateId: 'never' }, { at: longAgo });
    expect(await figuresOf('never', 30)).toMatchObject({ shown: 0, used: 0, lastUsedAt: longAgo });
    expect(await figuresOf('never', 60)).toMatchObject({ shown: 1, used: 1 });
    const { usage } = (await get('template-statistics/never?days=60')).body as { usage: { used: number }[] };
    expect(usage.map(({ used }) => used).filter((used) => used > 0)).toEqual([1]);
    expect(usage).toHaveLength(9);
  });

  test('tell the flags since the last change, with the tickets that they were raised on', async () => {
    const ticketId = await decided(['refund'], { outcome: 'own-reply', templateId: null });
    const flag = (flagId: string, reason: string) =>
      service.request
        .post(`/api/v1/tickets/helpdesk/${ticketId}/flags`)
        .set(service.as('agent'))
        .send({ flagId, templateId: 'refund', reason })
        .expect(201);
    await flag('f-1', 'outdated');
    await flag('f-2', 'typo');
    await flag('f-3', 'typo');
    expect(await figuresOf('refund')).toMatchObject({ flags: 3, reasons: { outdated: 1, typo: 2 } });
    await patch('refund', { body: 'Another text' });
    expect(await figuresOf('refund')).toMatchObject({ flags: 0, reasons: {} });
    expect((await get('template-statistics/refund')).body).toMatchObject({
      flags: [{ reason: 'typo', isCurrent: false, ticketId }, {}, { reason: 'outdated' }],
    });
  });

  test('show tickets to try a text on, and which fields can be filled in', async () => {
    const answer = await get('template-statistics/arrival');
    expect((answer.body as { examples: object[] }).examples).toHaveLength(2);
    expect((await get('placeholders')).body).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ name: 'customer.firstName' })]) as object[],
    });
  });

  test('of a template that is not there are a 404', async () => {
    expect((await get('template-statistics/nothing')).status).toBe(404);
    expect((await get('template-statistics?days=0')).status).toBe(422);
  });
});

describe('a change', () => {
  test('of another revision than the one that was looked at is refused, and changes nothing', async () => {
    await post('templates', { id: 'both', title: 'Both', body: 'Text' }).expect(201);
    await patch('both', { body: 'Text of the one', revision: 1 }).expect(200);
    const late = await patch('both', { body: 'Text of the other', revision: 1 });
    expect(late.status).toBe(409);
    expect((late.body as { detail: string }).detail).toContain('has revision 2 now');
    expect((await get('templates/both')).body).toMatchObject({ body: 'Text of the one', revision: 2 });
    expect((await patch('both', { revision: 2 })).status).toBe(422);
  });
});

describe('the templates as a file', () => {
  const load = (text: string, more: object = {}) => post('template-file', { text, ...more });
  const line = (id: string, more: object = {}) =>
    JSON.stringify({ id, title: `Title of ${id}`, body: 'A body', ...more });

  test('go out in the form in which they come in again', async () => {
    const { text } = await get('template-file').expect(200);
    const again = await load(text);
    expect(again.body).toMatchObject({ added: 0, changed: 0 });
    expect((again.body as { unchanged: number }).unchanged).toBe(text.trimEnd().split('\n').length);
  });

  test('have a dry run: it reports what would change, and changes nothing', async () => {
    await load(line('f-old')).expect(200);
    const text = [line('f-old', { title: 'Another title' }), line('f-new'), line('f-new-2')].join('\n');
    const trial = await load(text, { dryRun: true }).expect(200);
    expect(trial.body).toMatchObject({
      added: 2,
      changed: 1,
      items: [
        { line: 1, id: 'f-old', result: 'changed', changes: ['title'] },
        { line: 2, id: 'f-new', result: 'added', changes: [] },
        { line: 3, id: 'f-new-2', result: 'added' },
      ],
    });
    expect((await get('templates/f-new')).status).toBe(404);
    expect((await load(text)).body).toEqual(trial.body);
    expect((await get('templates/f-old')).body).toMatchObject({ title: 'Another title', revision: 2 });
  });

  test('with a bad line change nothing, and every bad line is named', async () => {
    const answer = await load([line('g-1'), '{"id":', '', line('g-1'), line('no id')].join('\n'));
    expect(answer.status).toBe(422);
    const { errors } = answer.body as { errors: { field: string; message: string }[] };
    expect(errors.map(({ field }) => field)).toEqual(['line 2', 'line 4', 'line 5']);
    expect(errors[1]?.message).toContain('already used in line 1');
    expect((await get('templates/g-1')).status).toBe(404);
  });

  test('can be a table: CSV as spreadsheets write it, with the line of what is wrong', async () => {
    const csv = 'id;title;body;contactTypes\nh-1;One;"Hi,\nhow are you?";a|b\nh-2;Two;"Say ""yes"""\n';
    const short = await load(csv, { format: 'csv', dryRun: true });
    expect(short.body).toMatchObject({ errors: [{ field: 'line 4' }] });
    const whole = await load(csv.replace('"Say ""yes"""', '"Say ""yes""";'), { format: 'csv' }).expect(200);
    expect(whole.body).toMatchObject({ added: 2, items: [{ line: 2 }, { line: 4 }] });
    expect((await get('templates/h-1')).body).toMatchObject({ body: 'Hi,\nhow are you?', contactTypes: ['a', 'b'] });
    expect((await get('templates/h-2')).body).toMatchObject({ body: 'Say "yes"', contactTypes: [] });
    const unknown = await load('id,title,text\na,b,c', { format: 'csv' });
    expect((unknown.body as { detail: string }).detail).toMatch(
      /line 1: column body is missing.*“text” must be one of/,
    );
  });

  test('merges that lead in a circle are refused', async () => {
    const text = [line('k-1', { mergedInto: 'k-2' }), line('k-2', { mergedInto: 'k-1' })].join('\n');
    expect((await load(text)).status).toBe(409);
  });
});

test('whatever a file holds, it is read or said to be wrong, line by line', () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom('"', '\n', ',', ';', '{}', '{"id":"a"}'));
  const text = fc.array(cell, { maxLength: 30 }).map((cells) => cells.join(''));
  fc.assert(
    fc.property(text, fc.constantFrom('jsonl' as const, 'csv' as const), (file, format) => {
      const { lines, problems } = parseTemplateFile(file, format);
      const last = file.split('\n').length;
      for (const { line } of [...lines, ...problems]) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(last);
      }
    }),
  );
});
