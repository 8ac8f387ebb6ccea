/**
 * A rollout of a version beside the champion, over real Kafka, PostgreSQL and TensorFlow. The challengers here are copies of
 * the champion: what agents do with their suggestions makes them better or worse. The steps build on one another.
 */
import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config/config.js';
import { main } from '../../../src/cli.js';
import { connectKafka } from '../../../src/ingest/kafka.js';
import { runActor } from '../../../src/access/audit-log.js';
import { RolloutWatch } from '../../../src/retrain/rollout/rollout-watch.service.js';
import { moveAlias } from '../../../src/suggest/versions/model-registry.js';
import { activeRollout, routesToCanary } from '../../../src/suggest/versions/rollouts.js';
import { answerAll, suggestionsOf } from '../../support/agents.js';
import { wholeService, type TestApp } from '../../support/app.js';
import { produce, readTopic } from '../../support/kafka.js';
import { waitFor } from '../../support/waiting.js';
import { scratchFolder } from '../../support/models.js';
import { trainedVersion } from '../../support/trained.js';
import { stopAtFirstFailure } from '../../support/steps.js';
import { copyVersion } from '../../support/versions.js';

let team: TestApp;
let kafka: Kafka;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
/** The champion at first, and four copies of it. */
let first: string;
const [shadow, canary, better, later] = ['m-shadow', 'm-canary', 'm-better', 'm-later'];
const limitMs = 180_000;

stopAtFirstFailure();
beforeAll(async () => {
  scratch = await scratchFolder();
  team = await wholeService({ MODEL_DIR: scratch.folder, MODEL_MAX_WAIT_MS: '20' });
  kafka = connectKafka(team.config);
  first = await trainedVersion(team, { types: 6, each: 20, source: 'first' });
  for (const as of [shadow, canary, better, later]) {
    await copyVersion(team.dataSource, scratch.folder, { of: first, as });
  }
  await team.dataSource.transaction((manager) => moveAlias(manager, 'champion', first, 'test'));
  await serves(first);
  // It looks where the test says so.
  await team.app.get(RolloutWatch).stop();
}, 900_000);
afterAll(async () => {
  await team.stop();
  await scratch.remove();
});

interface Rollout {
  version: string;
  mode: string;
  pairs: number;
  result: string | null;
  endedAt: string | null;
}
interface Models {
  serving: { version: string };
}
const get = async <T>(path: string): Promise<T> =>
  (await team.request.get(`/api/v1/${path}`).set(team.as('ml')).expect(200)).body as T;
const post = (path: string, body: object = {}) => team.request.post(`/api/v1/${path}`).set(team.as('ml')).send(body);
const triedOut = async (): Promise<Rollout | null> =>
  (await get<Rollout[]>('models/rollouts')).find(({ endedAt }) => endedAt === null) ?? null;
const serves = (version: string): Promise<unknown> =>
  waitFor(
    `${version} to rank`,
    async () => (await get<Models>('models')).serving.version,
    (serving) => serving === version,
  );
const champion = async (): Promise<string | undefined> =>
  (await team.query<{ version: string }>(`SELECT version FROM model_aliases WHERE alias = 'champion'`))[0]?.version;
const lastMove = async () =>
  (await get<{ alias: string; version: string; actor: string; reason: string | null }[]>('models/moves'))[0];
const look = (): Promise<void> => team.app.get(RolloutWatch).evaluate();

async function customersWrite(ids: string[]): Promise<void> {
  const messages = ids.map((ticketId, at) => {
    const body = `My card has not come yet, I have been waiting for ${at} days (${ticketId})`;
    const ticket = { source: 'desk', ticketId, occurredAt: new Date().toISOString(), event: 'created', body };
    return { key: `desk:${ticketId}`, value: JSON.stringify(ticket) };
  });
  await produce(kafka, team.config.TOPIC_TICKETS, messages);
  await waitFor(
    `${ids.length} tickets to be ranked`,
    async () => (await suggestionsOf(team, 'desk', ids)).length,
    (ranked) => ranked >= ids.length,
  );
}

/** Agents take the first of three where they like it, else the second. */
const agentsAnswer = (ids: string[], likes: (version: string) => boolean): Promise<void> =>
  answerAll(team, kafka, {
    source: 'desk',
    ids,
    chosen: ({ version, shown: [first = null, second = null] }) => (likes(version) ? first : second),
  });

const named = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name}-${at}`);

/** So many ids of which half are the canary's and half the champion's. */
async function halfAndHalf(name: string, each: number): Promise<{ tried: string[]; others: string[] }> {
  const rollout = await activeRollout(team.dataSource.manager);
  if (!rollout) throw new Error('there is no rollout');
  const [tried, others]: [string[], string[]] = [[], []];
  for (let at = 0; tried.length < each || others.length < each; at += 1) {
    const ticketId = `${name}-${at}`;
    const group = routesToCanary({ source: 'desk', ticketId }, rollout) ? tried : others;
    if (group.length < each) group.push(ticketId);
  }
  return { tried, others };
}

describe('in shadow', () => {
  const ids = named('shadow', 230);

  test('a version ranks every ticket, and nothing of it is shown or published', { timeout: limitMs }, async () => {
    await post(`models/${shadow}/shadow`).expect(200);
    await waitFor('the shadow to rank', async () => {
      await customersWrite([`probe-${randomUUID()}`]);
      return (await team.query('SELECT 1 FROM shadow_rankings')).length > 0;
    });
    await customersWrite(ids);
    const shadowed = (): Promise<{ ticketId: string; version: string; ranking: { templateId: string }[] }[]> =>
      team.query(
        `SELECT t.ticket_id AS "ticketId", h.version, h.ranking FROM shadow_rankings h JOIN tickets t ON t.id = h.ticket
          WHERE t.ticket_id = ANY ($1) ORDER BY t.ticket_id`,
        [ids],
      );
    await waitFor(
      'the shadow rankings',
      async () => (await shadowed()).length,
      (count) => count === ids.length,
    );
    const suggestions = await suggestionsOf(team, 'desk', ids);
    expect(new Set(suggestions.map(({ version }) => version))).toEqual(new Set([first]));
    const rankings = new Map((await shadowed()).map((row) => [row.ticketId, row]));
    for (const { ticketId, first: suggested } of suggestions) {
      expect(rankings.get(ticketId)?.version).toBe(shadow);
      expect(rankings.get(ticketId)?.ranking[0]?.templateId).toBe(suggested);
    }
    const published = await readTopic(kafka, team.config.TOPIC_SUGGESTIONS);
    expect(published.length).toBeGreaterThanOrEqual(ids.length);
    expect(published.filter(({ value }) => value?.includes(shadow))).toEqual([]);
  });

  test('it is compared by what agents chose, and takes over where it is no worse', { timeout: limitMs }, async () => {
    await agentsAnswer(ids.slice(0, 50), () => true);
    await look();
    const rollout = await triedOut();
    expect(rollout).toMatchObject({ version: shadow, mode: 'shadow', pairs: 50 });
    expect(rollout?.result).toMatch(/^acceptance rate vs\. champion .* on 50 ticket pairs$/);
    expect(await champion()).toBe(first);
    await agentsAnswer(ids.slice(50), () => true);
    await look();
    expect(await champion()).toBe(shadow);
    expect(await lastMove()).toMatchObject({ alias: 'champion', version: shadow, actor: 'acceptance watch' });
    expect(await triedOut()).toBeNull();
    await serves(shadow);
  });

  test('a share that no ticket falls into is refused, where it is configured too', async () => {
    await post(`models/${canary}/canary`, { share: Number.MIN_VALUE }).expect(422);
    expect(() => readConfig({ RETRAIN_CANARY_SHARE: '0' })).toThrow(/RETRAIN_CANARY_SHARE: must be at least 0.001/);
  });

  test('the champion itself and a version that nobody knows are refused', async () => {
    const refused = await post(`models/${shadow}/shadow`).expect(409);
    expect((refused.body as { detail: string }).detail).toMatch(/is already the champion/);
    await post('models/nobody/canary', {}).expect(404);
    expect(await triedOut()).toBeNull();
  });
});

describe('as a canary', () => {
  test('a version ranks the promised share of tickets by their hash', { timeout: limitMs }, async () => {
    await post(`models/${canary}/canary`, { share: 0.3 }).expect(200);
    await waitFor('the canary to rank', async () => {
      const probes = named(`probe-${randomUUID()}`, 8);
      await customersWrite(probes);
      return (await suggestionsOf(team, 'desk', probes)).some(({ version }) => version === canary);
    });
    const rollout = await activeRollout(team.dataSource.manager);
    const ids = named('canary', 200);
    await customersWrite(ids);
    const suggestions = await suggestionsOf(team, 'desk', ids);
    for (const { ticketId, version } of suggestions) {
      const isIts = rollout !== null && routesToCanary({ source: 'desk', ticketId }, rollout);
      expect(version, ticketId).toBe(isIts ? canary : shadow);
    }
    const share = suggestions.filter(({ version }) => version === canary).length / ids.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
  });

  test('agents can’t tell: both kinds of tickets are answered alike', async () => {
    const { tried, others } = await halfAndHalf('canary', 1);
    const bodies = await Promise.all(
      [...tried, ...others].map(
        async (id) =>
          (await team.request.get(`/api/v1/tickets/desk/${id}/suggestion`).set(team.as('agent')).expect(200))
            .body as object,
      ),
    );
    expect(Object.keys(bodies[0] ?? {})).toEqual(Object.keys(bodies[1] ?? {}));
    expect(JSON.stringify(bodies)).not.toMatch(/"?canary"?:|rollout|challenger/);
  });

  test(
    'it is rolled back where agents accept less of it, and its tickets are ranked again',
    { timeout: limitMs },
    async () => {
      const { tried, others } = await halfAndHalf('worse', 60);
      const open = (await halfAndHalf('still-open', 5)).tried;
      await customersWrite([...tried, ...others, ...open]);
      await agentsAnswer([...tried, ...others], (version) => version !== canary);
      await look();
      const [row] = await team.query<{ outcome: string; reason: string }>(
        'SELECT outcome, reason FROM rollouts WHERE version = $1',
        [canary],
      );
      expect(row).toMatchObject({ outcome: 'rolled-back' });
      expect(row?.reason).toMatch(/acceptance rate significantly below the champion/);
      expect(await champion()).toBe(shadow);
      await waitFor(
        'the champion to rank the open tickets of the canary',
        () => suggestionsOf(team, 'desk', open),
        (suggestions) => suggestions.every(({ version }) => version === shadow),
      );
      // What was answered stays as the agent had it.
      expect((await suggestionsOf(team, 'desk', tried)).every(({ version }) => version === canary)).toBe(true);
    },
  );

  test('it takes over where agents accept as much of it', { timeout: limitMs }, async () => {
    await post(`models/${better}/canary`, { share: 0.5 }).expect(200);
    const { tried, others } = await halfAndHalf('as-good', 220);
    await customersWrite([...tried, ...others]);
    await waitFor(
      'each to be ranked by its own',
      () => suggestionsOf(team, 'desk', tried),
      (suggestions) => suggestions.every(({ version }) => version === better),
    );
    await agentsAnswer([...tried, ...others], () => true);
    await look();
    expect(await champion()).toBe(better);
    expect(await lastMove()).toMatchObject({ version: better, actor: 'acceptance watch' });
    await serves(better);
  });
});

describe('people', () => {
  const command = (...words: string[]): Promise<number> => {
    const { DATABASE_URL } = process.env;
    process.env['DATABASE_URL'] = team.config.DATABASE_URL;
    return main(['models', ...words]).finally(() => {
      if (DATABASE_URL === undefined) delete process.env['DATABASE_URL'];
      else process.env['DATABASE_URL'] = DATABASE_URL;
    });
  };

  test('end a canary, and go back to the champion before, by one request each', { timeout: limitMs }, async () => {
    await post(`models/${later}/canary`, {}).expect(200);
    expect((await post('models/rollback').expect(200)).body).toEqual({ champion: better });
    expect(await triedOut()).toBeNull();
    expect((await post('models/rollback').expect(200)).body).toEqual({ champion: shadow });
    await serves(shadow);
  });

  test('do the same by one command each', { timeout: limitMs }, async () => {
    expect(await command('shadow', later)).toBe(0);
    expect(await triedOut()).toMatchObject({ version: later, mode: 'shadow' });
    expect(await command('promote', later)).toBe(0);
    await serves(later);
    expect(await triedOut()).toBeNull();
    expect(await command('rollback')).toBe(0);
    await serves(shadow);
    expect(await command('promote', 'nobody')).toBe(1);
  });
});

describe('a champion that a training run has made', () => {
  test(
    'is rolled back automatically where agents accept less of it than of the previous one',
    { timeout: limitMs },
    async () => {
      const before = named('before', 100);
      await customersWrite(before);
      await agentsAnswer(before, () => true);
      await team.dataSource.transaction((manager) =>
        moveAlias(manager, 'champion', later, runActor, { sentence: 'training run 1' }),
      );
      await serves(later);
      const after = named('after', 100);
      await customersWrite(after);
      await agentsAnswer(after.slice(0, 3), () => false);
      await look();
      expect(await champion()).toBe(later);
      await agentsAnswer(after.slice(3), () => false);
      await look();
      expect(await champion()).toBe(shadow);
      expect(await lastMove()).toMatchObject({ version: shadow, actor: 'acceptance watch' });
      await serves(shadow);
    },
  );
});
