/** What an agent chooses, what becomes of it as a label, and that nobody can tell an audit ticket from outside. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChoiceConsumer } from '../../../src/ingest/choice.consumer.js';
import { loadNewestLabels, loadOutcomes } from '../../../src/monitoring/observations/observation-rows.js';
import { loadTrust } from '../../../src/monitoring/labels/trust.query.js';
import { routesOnly, type TestApp } from '../../support/app.js';
import { arrive, aTicket, rankAll, ranked, unsure } from '../../support/tickets.js';

let service: TestApp;
beforeAll(async () => {
  service = await routesOnly();
  for (const id of ['card-arrival', 'card-lost', 'refund', 'fees']) {
    await service.request
      .post('/api/v1/templates')
      .set(service.as('lead'))
      .send({ id, title: id, body: `About ${id}` });
  }
});
afterAll(() => service.stop());

const shelf = ranked('card-arrival', 'card-lost', 'refund', 'fees');
const topic = 'suggestions';

/** A ticket that has been ranked. @returns its id */
async function rankedTicket(more: object = {}): Promise<string> {
  const ticketId = randomUUID();
  await arrive(service.dataSource, [aTicket(ticketId, more)]);
  await rankAll(service.dataSource, topic, () => shelf);
  return ticketId;
}

const used = (templateId: string, more: object = {}) => ({
  choiceId: randomUUID(),
  outcome: 'used',
  templateId,
  occurredAt: '2026-01-05T11:00:00Z',
  ...more,
});
const choose = (ticketId: string, choice: object) =>
  service.request.post(`/api/v1/tickets/helpdesk/${ticketId}/choices`).set(service.as('agent')).send(choice);
const ticket = async (ticketId: string) =>
  (await service.request.get(`/api/v1/tickets/helpdesk/${ticketId}`).set(service.as('agent'))).body as {
    state: string;
  };
const suggestion = async (ticketId: string) =>
  (await service.request.get(`/api/v1/tickets/helpdesk/${ticketId}/suggestion`).set(service.as('agent'))).body as {
    suggestionId: string;
    abstained: boolean;
    reason: string | null;
  };

interface Label {
  ticketId: string;
  templateId: string | null;
  provenance: string;
  position: number | null;
  shownProbability: number | null;
  labelledAt: string;
}
async function label(ticketId: string): Promise<Label | undefined> {
  const answer = await service.request.get('/api/v1/labels?limit=500').set(service.as('ml'));
  return (answer.body as { items: Label[] }).items.find((one) => one.ticketId === ticketId);
}
const choicesOf = (ticketId: string) =>
  service.query<{ choice_id: string; agent: string; shown: string[] | null; via: string; suggestion_id: string }>(
    'SELECT * FROM choices WHERE ticket_id = $1 ORDER BY id',
    [ticketId],
  );

/** The same through the consumer of the topic. */
async function chooseByKafka(ticketId: string, choice: object): Promise<void> {
  const value = { source: 'helpdesk', ticketId, agent: 'a-12', ...choice };
  const message = { topic: 'agent-choices', partition: 0, offset: '0', timestamp: 0, key: null, headers: {} };
  const bytes = Buffer.from(JSON.stringify(value));
  await service.app.get(ChoiceConsumer).storeBatch([{ ...message, value: bytes }]);
}

describe('a choice', () => {
  test('answers its ticket and becomes a label that says where the template stood', async () => {
    const id = await rankedTicket();
    expect(await ticket(id)).toMatchObject({ state: 'open' });
    const choice = used('card-lost');
    const answer = await choose(id, choice);
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({ choiceId: choice.choiceId, result: 'added' });
    expect(await ticket(id)).toMatchObject({ state: 'answered' });
    expect(await label(id)).toEqual({
      source: 'helpdesk',
      ticketId: id,
      templateId: 'card-lost',
      provenance: 'choice',
      position: 2,
      shownProbability: 1,
      labelledAt: '2026-01-05T11:00:00.000Z',
    });
    expect(await choicesOf(id)).toMatchObject([{ agent: 'the agent', via: 'http', shown: null }]);
  });

  test('tells the monitor what had stood before the agent', async () => {
    const { manager } = service.dataSource;
    const lower = await rankedTicket();
    await choose(lower, used('card-lost'));
    const first = await rankedTicket();
    await choose(first, used('card-arrival'));
    expect(await loadNewestLabels(manager, 2)).toEqual([
      { templateId: 'card-arrival', shownFirst: 'card-arrival' },
      { templateId: 'card-lost', shownFirst: 'card-arrival' },
    ]);
    const [row] = await service.query<{ id: number }>('SELECT id FROM tickets WHERE ticket_id = $1', [lower]);
    expect(await loadOutcomes(manager, [row?.id ?? 0])).toMatchObject([
      { key: `helpdesk:${lower}`, templateId: 'card-lost', provenance: 'choice', shownFirst: 'card-arrival' },
    ]);
    expect(await loadTrust(manager)).toMatchObject({ measured: false });
  });

  test('that is sent again changes nothing', async () => {
    const id = await rankedTicket();
    const choice = used('refund');
    const statuses = [];
    for (let turn = 0; turn < 3; turn += 1) statuses.push((await choose(id, choice)).status);
    expect(statuses).toEqual([201, 200, 200]);
    expect(await choicesOf(id)).toHaveLength(1);
  });

  test('is taken once when it is sent many times at the same moment', async () => {
    const id = await rankedTicket();
    const choice = used('refund');
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => choose(id, choice)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 201]);
    expect(await choicesOf(id)).toHaveLength(1);
  });

  test.for<[string, object]>([
    ['another template', { templateId: 'fees' }],
    ['another outcome', { outcome: 'edited' }],
    ['a retraction', { retracts: 'something' }],
  ])('with an id that is taken is refused: %s', async ([, change]) => {
    const id = await rankedTicket();
    const choice = used('refund');
    await choose(id, choice);
    const answer = await choose(id, { ...choice, ...change });
    expect(answer.status).toBe(409);
    expect(await label(id)).toMatchObject({ templateId: 'refund' });
    expect(await choicesOf(id)).toHaveLength(1);
  });

  test('with the id of a choice of another ticket is refused', async () => {
    const [one, other] = [await rankedTicket(), await rankedTicket()];
    const choice = used('refund');
    await choose(one, choice);
    expect((await choose(other, choice)).status).toBe(409);
    expect(await ticket(other)).toMatchObject({ state: 'open' });
  });

  test.for<[string, object]>([
    ['used without a template', { outcome: 'used', templateId: null }],
    ['own reply with a template', { outcome: 'own-reply', templateId: 'refund' }],
    ['none fits with a template', { outcome: 'none-fits', templateId: 'refund' }],
    ['an outcome that is none', { outcome: 'liked' }],
    ['an empty template', { templateId: '' }],
    ['retracting itself', { choiceId: 'me', retracts: 'me' }],
    ['tomorrow and more', { occurredAt: new Date(Date.now() + 25 * 3600_000).toISOString() }],
    ['a date without a zone', { occurredAt: '2026-01-05T11:00:00' }],
    ['before there was a web', { occurredAt: '1989-12-31T23:00:00Z' }],
    ['an id that is too long', { choiceId: 'x'.repeat(257) }],
    ['too much shown', { shown: Array.from({ length: 101 }, String) }],
    ['a suggestion that is none', { suggestionId: 'first' }],
  ])('that makes no sense is refused: %s', async ([, change]) => {
    const id = await rankedTicket();
    expect((await choose(id, { ...used('refund'), ...change })).status).toBe(422);
    expect(await choicesOf(id)).toEqual([]);
  });

  test('keeps what was shown, in which order, with which probability', async () => {
    const id = await rankedTicket();
    const { suggestionId } = await suggestion(id);
    await choose(id, used('refund', { suggestionId, shown: ['refund', 'card-arrival'], agent: 'a-7' }));
    expect(await choicesOf(id)).toMatchObject([
      { shown: ['refund', 'card-arrival'], suggestion_id: suggestionId, agent: 'a-7' },
    ]);
    expect(await label(id)).toMatchObject({ position: 1, shownProbability: 1 });
  });

  test('of a template that was not shown has no position', async () => {
    const id = await rankedTicket();
    // Ranked fourth, and three are shown.
    await choose(id, used('fees', { outcome: 'other-template' }));
    expect(await label(id)).toMatchObject({ templateId: 'fees', position: null, shownProbability: null });
  });

  test('that no template fits is a label too; an own reply says nothing of templates', async () => {
    const [none, own] = [await rankedTicket(), await rankedTicket()];
    await choose(none, used('', { outcome: 'none-fits', templateId: null }));
    await choose(own, used('', { outcome: 'own-reply', templateId: null }));
    expect(await label(none)).toMatchObject({ templateId: null, provenance: 'choice' });
    expect(await label(own)).toBeUndefined();
    for (const id of [none, own]) expect(await ticket(id)).toMatchObject({ state: 'answered' });
  });

  test('another of the same ticket corrects the first', async () => {
    const id = await rankedTicket();
    await choose(id, used('refund'));
    await choose(id, used('fees', { occurredAt: '2026-01-05T12:00:00Z' }));
    expect(await label(id)).toMatchObject({ templateId: 'fees', provenance: 'correction' });
  });
});

describe('undoing', () => {
  test('opens the ticket again and takes the label away', async () => {
    const id = await rankedTicket();
    const mistake = used('refund');
    await choose(id, mistake);
    const undo = used('refund', { retracts: mistake.choiceId, occurredAt: '2026-01-05T11:01:00Z' });
    expect((await choose(id, undo)).status).toBe(201);
    expect(await ticket(id)).toMatchObject({ state: 'open' });
    expect(await label(id)).toBeUndefined();
    await choose(id, used('card-lost', { occurredAt: '2026-01-05T11:02:00Z' }));
    expect(await label(id)).toMatchObject({ templateId: 'card-lost', provenance: 'correction' });
  });

  test('works also where the undoing comes before what it undoes', async () => {
    const id = await rankedTicket();
    const mistake = used('refund');
    await choose(id, used('refund', { retracts: mistake.choiceId, occurredAt: '2026-01-05T11:01:00Z' }));
    await choose(id, mistake);
    expect(await ticket(id)).toMatchObject({ state: 'open' });
    expect(await label(id)).toBeUndefined();
  });
});

describe('a choice that comes before its ticket', () => {
  test('waits for it', async () => {
    const id = randomUUID();
    expect((await choose(id, used('refund', { shown: ['fees', 'refund'] }))).status).toBe(201);
    expect(await label(id)).toBeUndefined();
    await arrive(service.dataSource, [aTicket(id)]);
    expect(await ticket(id)).toMatchObject({ state: 'answered' });
    expect(await label(id)).toMatchObject({ templateId: 'refund', position: 2, shownProbability: null });
  });

  test('finds it also where both come at the same moment', async () => {
    const ids = Array.from({ length: 30 }, () => randomUUID());
    await Promise.all(
      ids.flatMap((id) => [
        arrive(service.dataSource, [aTicket(id)]),
        choose(id, used('refund')).then(() => undefined),
      ]),
    );
    const [row] = await service.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM labels l JOIN tickets t ON t.id = l.ticket
        WHERE t.ticket_id = ANY ($1) AND t.answered_at IS NOT NULL`,
      [ids],
    );
    expect(row?.n).toBe(ids.length);
  });
});

describe('a ticket that is closed', () => {
  const closed = (id: string) =>
    aTicket(id, { event: 'closed', occurredAt: '2026-01-05T10:30:00Z', subject: '', body: '' });

  test('takes a choice all the same, and stays closed', async () => {
    const id = await rankedTicket();
    await arrive(service.dataSource, [closed(id)]);
    expect((await choose(id, used('refund'))).status).toBe(201);
    expect(await ticket(id)).toMatchObject({ state: 'closed' });
    expect(await label(id)).toMatchObject({ templateId: 'refund', position: 3 });
  });

  test('stays closed when its choice is undone, and is not ranked again', async () => {
    const id = await rankedTicket();
    const mistake = used('refund');
    await choose(id, mistake);
    await arrive(service.dataSource, [closed(id)]);
    await choose(id, used('refund', { retracts: mistake.choiceId }));
    expect(await ticket(id)).toMatchObject({ state: 'closed' });
    const requests = await service.query(
      'SELECT 1 FROM rank_requests r JOIN tickets t ON t.id = r.ticket WHERE t.ticket_id = $1',
      [id],
    );
    expect(requests).toEqual([]);
  });
});

describe('by Kafka', () => {
  test('a choice does what it does by HTTP, and the two know of each other', async () => {
    const id = await rankedTicket();
    const choice = used('card-lost');
    await chooseByKafka(id, choice);
    expect(await label(id)).toMatchObject({ templateId: 'card-lost', position: 2, shownProbability: 1 });
    expect(await choicesOf(id)).toMatchObject([{ via: 'kafka', agent: 'a-12' }]);
    expect((await choose(id, choice)).status).toBe(200);
    await chooseByKafka(id, choice);
    expect(await choicesOf(id)).toHaveLength(1);
  });

  test('the same id with other content is kept as a dead letter', async () => {
    const id = await rankedTicket();
    const choice = used('card-lost');
    await choose(id, choice);
    await chooseByKafka(id, { ...choice, templateId: 'refund' });
    expect(await label(id)).toMatchObject({ templateId: 'card-lost' });
    expect(await service.query('SELECT topic, reason FROM dead_letters')).toEqual([
      { topic: 'agent-choices', reason: 'conflict' },
    ]);
  });
});

describe('whatever the order in which they arrive', () => {
  test('the same choices leave the same label', async () => {
    const moves = fc.array(
      fc.record({
        minute: fc.integer({ min: 10, max: 50 }),
        templateId: fc.constantFrom('refund', 'fees', null),
        retracts: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 2 }),
      }),
      { minLength: 1, maxLength: 5 },
    );
    const shuffled = moves.chain((made) =>
      fc.tuple(fc.constant(made), fc.shuffledSubarray([...made.keys()], { minLength: made.length })),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async ([made, order]) => {
        const labels = [];
        for (const turn of [[...made.keys()], order]) {
          const id = await rankedTicket();
          for (const index of turn) {
            const { minute, templateId, retracts } = made[index] ?? { minute: 0, templateId: null, retracts: null };
            await choose(id, {
              choiceId: `${id} ${index}`,
              outcome: templateId === null ? 'none-fits' : 'used',
              templateId,
              occurredAt: `2026-01-05T11:${minute}:00Z`,
              retracts: retracts === null || retracts === index ? null : `${id} ${retracts}`,
            });
          }
          const { ticketId, ...rest } = (await label(id)) ?? { ticketId: id };
          labels.push({ ...rest, state: (await ticket(ticketId)).state });
        }
        expect(labels[1]).toEqual(labels[0]);
      }),
      { numRuns: 15 },
    );
  });
});

describe('an audit ticket', () => {
  /** Two tickets with the same text: one drawn for the audit, one on which the model was unsure. */
  async function twins(): Promise<{ audit: string; plain: string }> {
    const [audit, plain] = [randomUUID(), randomUUID()];
    await arrive(service.dataSource, [aTicket(audit)], 1);
    await arrive(service.dataSource, [aTicket(plain)], 0);
    await rankAll(service.dataSource, topic, (id) =>
      id === audit ? shelf : unsure('card-arrival', 'card-lost', 'refund', 'fees'),
    );
    return { audit, plain };
  }
  /** Without what differs between any two tickets. */
  const masked = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id')
        .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"time"'),
    );

  test('looks like an abstention in every answer and message', async () => {
    const { audit, plain } = await twins();
    expect(await suggestion(audit)).toMatchObject({ abstained: true, reason: 'unsure', items: [] });
    for (const path of ['', '/suggestion', '/suggestion?limit=10']) {
      for (const role of ['agent', 'lead', 'ml', 'admin'] as const) {
        const [one, other] = await Promise.all(
          [audit, plain].map((id) =>
            service.request.get(`/api/v1/tickets/helpdesk/${id}${path}`).set(service.as(role)),
          ),
        );
        expect(masked(one?.body)).toEqual(masked(other?.body));
      }
    }
    const list = await service.request.get('/api/v1/tickets?limit=200').set(service.as('agent'));
    const { items } = list.body as { items: { ticketId: string }[] };
    const row = (id: string) => masked(items.find(({ ticketId }) => ticketId === id));
    expect(row(audit)).toEqual(row(plain));
    const published = async (id: string) => {
      const [message] = await service.query<{ value: Buffer; headers: object }>(
        'SELECT value, headers FROM outbox WHERE key = $1',
        [Buffer.from(`helpdesk:${id}`)],
      );
      return [masked(JSON.parse(message?.value.toString() ?? 'null')), message?.headers];
    };
    expect(await published(audit)).toEqual(await published(plain));
  });

  test('answers a choice as any other, and its label is known to be unbiased', async () => {
    const { audit, plain } = await twins();
    const answers = [await choose(audit, used('refund')), await choose(plain, used('refund'))];
    expect(masked(answers[0]?.body)).toEqual(masked(answers[1]?.body));
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(await label(audit)).toMatchObject({ provenance: 'audit', position: null, shownProbability: null });
    expect(await label(plain)).toMatchObject({ provenance: 'choice', position: null, shownProbability: null });
    expect((await service.request.get('/api/v1/labels').set(service.as('agent'))).status).toBe(403);
  });

  test('keeps inside what the model said, and that it was shown with probability 0', async () => {
    const { audit } = await twins();
    const [row] = await service.query<{ ranking: { templateId: string }[]; shown_probability: number }>(
      'SELECT ranking, shown_probability FROM suggestions s JOIN tickets t ON t.id = s.ticket WHERE t.ticket_id = $1',
      [audit],
    );
    expect(row?.ranking.map(({ templateId }) => templateId)).toEqual(['card-arrival', 'card-lost', 'refund', 'fees']);
    expect(row?.shown_probability).toBe(0);
  });

  test('is as frequent as AUDIT_SHARE says, and the others know with which probability they were shown', async () => {
    const ids = Array.from({ length: 40 }, () => randomUUID());
    await arrive(
      service.dataSource,
      ids.map((id) => aTicket(id)),
      0.25,
    );
    await rankAll(service.dataSource, topic, () => shelf, 0.25);
    const rows = await service.query<{ audit: boolean; shown_probability: number; reason: string | null }>(
      `SELECT t.audit, s.shown_probability, s.reason FROM tickets t JOIN suggestions s ON s.ticket = t.id
        WHERE t.ticket_id = ANY ($1)`,
      [ids],
    );
    expect(rows).toHaveLength(40);
    for (const row of rows) {
      expect(row).toMatchObject(row.audit ? { shown_probability: 0, reason: 'unsure' } : { shown_probability: 0.75 });
    }
  });
});
