/** Templates that a lead has merged into others: what is learned of one counts for the other, and nothing is forgotten. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../../src/models/versions/model-folder.js';
import { trainModel } from '../../../src/models/training/train-model.js';
import { TrainedRanker } from '../../../src/models/serving/trained-ranker.js';
import { loadLabelledTickets } from '../../../src/retrain/labels/labelled-tickets.query.js';
import { writeTemplates, writeTrainingSet } from '../../../src/retrain/labels/training-set.js';
import { InvalidMerge, mergeChain, orderTargetsFirst } from '../../../src/suggest/templates/merges.js';
import { importTemplates } from '../../../src/suggest/templates/templates.service.js';
import { loadCandidates } from '../../../src/suggest/requests/serving-version.js';
import { routesOnly, type TestApp } from '../../support/app.js';
import { ticket } from '../../contract/ranker.conformance.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../../support/models.js';
import { arrive, aTicket, rankAll, ranked } from '../../support/tickets.js';

let service: TestApp;
beforeAll(async () => {
  service = await routesOnly();
  for (const id of ['a', 'b', 'c', 'd']) expect((await create({ id, title: id, body: id })).status).toBe(201);
  const tickets = ['ticket-a', 'ticket-b', 'open'];
  await arrive(
    service.dataSource,
    tickets.map((id) => aTicket(id, { subject: id })),
  );
  await rankAll(service.dataSource, service.config.TOPIC_SUGGESTIONS, () => ranked('a', 'b'));
  for (const id of ['a', 'b']) {
    await service.query(
      `INSERT INTO labels (ticket, template_id, provenance, labelled_at)
       SELECT id, $2, 'history', now() FROM tickets WHERE ticket_id = $1`,
      [`ticket-${id}`, id],
    );
  }
});
afterAll(() => service.stop());

const create = (template: object) => service.request.post('/api/v1/templates').set(service.as('lead')).send(template);
const change = (id: string, to: object) =>
  service.request.patch(`/api/v1/templates/${id}`).set(service.as('lead')).send(to);
const read = async (id: string) =>
  (await service.request.get(`/api/v1/templates/${id}`).set(service.as('agent'))).body as {
    state: string;
    history: object[];
  };
const labels = async (): Promise<(string | null)[]> =>
  (await loadLabelledTickets(service.dataSource.manager)).map(({ template }) => template);

async function written(write: (file: string) => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const folder = await mkdtemp(join(tmpdir(), 'replyrank-merged-'));
  try {
    await write(join(folder, 'lines'));
    const lines = (await readFile(join(folder, 'lines'), 'utf8')).trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('a template that is merged into another', () => {
  test('is retired, and the open tickets are ranked without it', async () => {
    await service.query('DELETE FROM rank_requests');
    const answer = await change('a', { mergedInto: 'b' });
    expect(answer.body).toMatchObject({ state: 'retired', mergedInto: 'b', revision: 2 });
    expect(await service.query('SELECT reason FROM rank_requests')).toContainEqual({ reason: 'template' });
    expect(await loadCandidates(service.dataSource.manager)).toMatchObject([
      { templateId: 'b', merged: ['a'] },
      { templateId: 'c', merged: [] },
      { templateId: 'd', merged: [] },
    ]);
  });

  test('keeps its history and its labels, which count for the other one in training and comparison', async () => {
    expect((await read('a')).history).toMatchObject([
      { revision: 2, state: 'retired', mergedInto: 'b' },
      { revision: 1, state: 'allowed', mergedInto: null },
    ]);
    expect(await service.query('SELECT template_id AS id FROM labels ORDER BY 1')).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(await labels()).toEqual(['b', 'b']);
    const set = await written((file) => writeTrainingSet(service.dataSource, file));
    expect(set.map(({ template }) => template)).toEqual(['b', 'b']);
    const templates = await written((file) => writeTemplates(service.dataSource, file));
    expect(templates.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
  });

  test('counts for the end of the chain where that one is merged on', async () => {
    expect((await change('b', { mergedInto: 'c' })).status).toBe(200);
    expect(await labels()).toEqual(['c', 'c']);
    expect(await loadCandidates(service.dataSource.manager)).toMatchObject([
      { templateId: 'c', merged: ['a', 'b'] },
      { templateId: 'd', merged: [] },
    ]);
  });

  test('can not be merged in a circle, into itself or into nothing, nor used again as it is', async () => {
    const circle = await change('c', { mergedInto: 'a' });
    expect(circle.status).toBe(409);
    expect(circle.body).toMatchObject({ detail: expect.stringContaining('c → a → b → c') as string });
    expect((await change('d', { mergedInto: 'd' })).status).toBe(409);
    expect((await change('d', { mergedInto: 'nowhere' })).body).toMatchObject({
      detail: expect.stringContaining('does not exist') as string,
    });
    expect((await change('a', { state: 'allowed' })).body).toMatchObject({
      status: 409,
      detail: expect.stringContaining('"mergedInto" to null') as string,
    });
    expect((await create({ id: 'e', title: 'e', body: 'e', mergedInto: 'nowhere' })).status).toBe(409);
    expect(await labels()).toEqual(['c', 'c']);
  });

  test('two that are merged into one another at once: one is told no', async () => {
    for (const id of ['x', 'y']) await create({ id, title: id, body: id });
    const answers = await Promise.all([change('x', { mergedInto: 'y' }), change('y', { mergedInto: 'x' })]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  test('is a template of its own again when the merge is undone', async () => {
    await change('b', { mergedInto: null, state: 'allowed' });
    await change('a', { mergedInto: null, state: 'allowed' });
    expect(await labels()).toEqual(['a', 'b']);
    expect(await read('a')).toMatchObject({ state: 'allowed', mergedInto: null });
  });
});

describe('an import', () => {
  const file = (...merges: [string, string | null | undefined][]) =>
    merges.map(([id, mergedInto]) => ({
      id,
      title: id,
      body: id,
      contactTypes: [],
      state: 'allowed' as const,
      ...(mergedInto !== undefined && { mergedInto }),
    }));
  const load = (...merges: [string, string | null | undefined][]) =>
    service.dataSource.transaction((manager) => importTemplates(manager, file(...merges), { actor: 'test' }));

  test('merges in whatever order the lines stand, can be repeated, and keeps a merge that it does not speak of', async () => {
    expect(await load(['i-1', 'i-2'], ['i-2', 'i-3'], ['i-3', null])).toMatchObject({ added: 3 });
    expect(await load(['i-1', 'i-2'], ['i-2', 'i-3'], ['i-3', null])).toMatchObject({ unchanged: 3 });
    expect(await load(['i-1', undefined])).toMatchObject({ unchanged: 1 });
    expect(await read('i-1')).toMatchObject({ state: 'retired', mergedInto: 'i-2' });
    expect(await load(['i-1', null])).toMatchObject({ changed: 1 });
    expect(await read('i-1')).toMatchObject({ state: 'allowed', mergedInto: null });
  });

  test('with a circle changes nothing and says where it is', async () => {
    await expect(load(['j-1', 'j-2'], ['j-2', 'j-1'])).rejects.toThrow(/j-1 → j-2 → j-1/);
    expect(await service.query(`SELECT 1 FROM templates WHERE id LIKE 'j-%'`)).toEqual([]);
  });
});

test('whatever is merged, a chain ends or is refused, and targets come first', () => {
  const ids = ['p', 'q', 'r', 's', 't'];
  const merges = fc.uniqueArray(fc.record({ id: fc.constantFrom(...ids), mergedInto: fc.constantFrom(...ids, null) }), {
    selector: ({ id }) => id,
  });
  fc.assert(
    fc.property(merges, (templates) => {
      const mergedInto = new Map(templates.map((one) => [one.id, one.mergedInto]));
      for (const { id, mergedInto: into } of templates) {
        if (into === null) continue;
        try {
          const chain = mergeChain(id, into, mergedInto);
          expect(new Set(chain).size).toBe(chain.length);
          expect(mergedInto.get(chain.at(-1) ?? '')).toBeNull();
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidMerge);
        }
      }
      let sorted: typeof templates;
      try {
        sorted = orderTargetsFirst(templates);
      } catch {
        return;
      }
      const order = sorted.map(({ id }) => id);
      for (const { id, mergedInto: into } of templates) {
        if (into !== null && order.includes(into)) expect(order.indexOf(into)).toBeLessThan(order.indexOf(id));
      }
    }),
  );
});

test('what a model has learned of both counts for the one that is left, before any new training', async () => {
  const { tf, encoder } = await openEncoder();
  const scratch = await scratchFolder();
  try {
    const settings = trainingSettings(
      scratch.folder,
      await smallSample(scratch.folder, 'train', { types: 6, each: 20 }),
      'm',
    );
    await trainModel(tf, encoder, settings, () => undefined);
    const ranker = await TrainedRanker.open(tf, encoder, settings.out);
    const { templates } = await loadModel(settings.out);
    const question = [ticket('How old do I have to be to open an account?')];
    const [before] = await ranker.rank(question);
    const [first, second] = before?.items ?? [];
    if (!first || !second) throw new Error('nothing was ranked');
    const rest = templates.filter(({ templateId }) => templateId !== first.templateId);
    const whole = rest.map((one) =>
      one.templateId === second.templateId ? { ...one, merged: [first.templateId] } : one,
    );
    await ranker.setCandidates(whole);
    const [after] = await ranker.rank(question);
    expect(after?.items[0]?.templateId).toBe(second.templateId);
    expect(after?.items[0]?.probability).toBeGreaterThan(0.9 * first.probability);
    ranker.dispose();
  } finally {
    await scratch.remove();
  }
}, 300_000);
