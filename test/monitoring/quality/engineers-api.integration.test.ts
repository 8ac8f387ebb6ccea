/** What the ML engineer's pages read beside alerts and runs: the day's figures, the schedule, reports, suspects, the log. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordAudit } from '../../../src/access/audit-log.js';
import { idHash } from '../../../src/models/dataset/trained-on.js';
import { poissonInterval, quantileBounds } from '../../../src/statistics/intervals.js';
import { recordFirstRun } from '../../../src/retrain/runs/run-store.js';
import { moveAlias } from '../../../src/suggest/versions/model-registry.js';
import { routesOnly, type TestApp } from '../../support/app.js';
import { scratchFolder } from '../../support/models.js';
import { arrive, aTicket, rankAll, ranked, unsure } from '../../support/tickets.js';

let service: TestApp;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => {
  scratch = await scratchFolder();
  service = await routesOnly({ MODEL_DIR: scratch.folder, RETRAIN_SCHEDULE: '0 3 * * 1' });
  await service.query(
    `INSERT INTO model_versions (version, folder, metadata) VALUES ('m-1', 'm-1', '{}'), ('m-2', 'm-2', '{}')`,
  );
  await service.query(`INSERT INTO templates (id, title, body, state) VALUES ('card-late', 'Late', 'On its way', 'allowed'),
                                                                             ('refund', 'Refund', 'Here it is', 'allowed')`);
});
afterAll(async () => {
  await service.stop();
  await scratch.remove();
});

const get = async (path: string, role: 'ml' | 'admin' = 'ml') =>
  (await service.request.get(`/api/v1/${path}`).set(service.as(role)).expect(200)).body as Record<string, unknown>;

describe('the schedule', () => {
  test('has no next run before there is a champion, and then the first of its times', async () => {
    expect(await get('training-runs/schedule')).toMatchObject({
      pattern: '0 3 * * 1',
      next: null,
      lastEvaluation: null,
    });
    await service.dataSource.transaction((manager) => moveAlias(manager, 'champion', 'm-1', 'test'));
    const { next } = await get('training-runs/schedule');
    const date = new Date(next as string);
    expect([date.getUTCDay(), date.getUTCHours(), date.getUTCMinutes()]).toEqual([1, 3, 0]);
    expect(date.getTime()).toBeGreaterThan(Date.now());
  });
});

describe('the runs', () => {
  test('have among them the training of the sample’s model, with its curves', async () => {
    const curves = [{ training: 'all tickets', loss: [1, 0.5] }];
    const run = { requestedBy: 'sample', challenger: 'm-1', startedAt: new Date(), arguments: { labels: 100 }, curves };
    await recordFirstRun(service.dataSource.manager, run);
    const { items } = await get('training-runs');
    expect(items).toMatchObject([
      { trigger: 'first', requestedBy: 'sample', state: 'promoted', challenger: 'm-1', arguments: { labels: 100 } },
    ]);
    const [{ id } = { id: 0 }] = items as { id: number }[];
    expect(await get(`training-runs/${id}`)).toMatchObject({ curves });
  });
});

describe('the figures of a period', () => {
  test('count the tickets and say how long a suggestion took, with intervals; of an empty period nothing is said', async () => {
    const today = new Date().toISOString();
    await arrive(
      service.dataSource,
      ['one', 'two', 'three'].map((id) => aTicket(id, { occurredAt: today })),
    );
    await rankAll(service.dataSource, service.config.TOPIC_SUGGESTIONS, () => ranked('card-late', 'refund'));
    await service.query(
      `UPDATE suggestions SET created_at = (SELECT received_at FROM tickets WHERE id = ticket) + interval '2 s'`,
    );
    const { now, before } = await get('metrics/quality?days=1');
    expect(now).toMatchObject({ tickets: 3, volume: { value: 3, of: 3 }, lag: { value: 2, low: 2, high: 2, of: 3 } });
    expect(before).toMatchObject({ tickets: 0, volume: { value: 0, low: 0 }, lag: null, coverage: null });
  });

  test('count as acceptance what agents made of suggestions that they saw, not what they searched after an abstention', async () => {
    const today = new Date().toISOString();
    await arrive(
      service.dataSource,
      ['taken', 'searched'].map((id) => aTicket(id, { occurredAt: today })),
    );
    await rankAll(service.dataSource, service.config.TOPIC_SUGGESTIONS, (id) =>
      (id === 'taken' ? ranked : unsure)('card-late', 'refund'),
    );
    for (const id of ['taken', 'searched']) {
      await service.request
        .post(`/api/v1/tickets/helpdesk/${id}/choices`)
        .set(service.as('agent'))
        .send({ choiceId: randomUUID(), outcome: 'used', templateId: 'card-late', occurredAt: today })
        .expect(201);
    }
    const { now } = await get('metrics/quality?days=1');
    expect(now).toMatchObject({ acceptance: { value: 1, of: 1 } });
  });

  test('have the intervals of the textbook', () => {
    // Exact intervals of a Poisson mean, from tables.
    for (const [count, low, high] of [
      [0, 0, 3.689],
      [10, 4.795, 18.39],
      [100, 81.36, 121.63],
    ] as const) {
      expect(poissonInterval(count).low).toBeCloseTo(low, 1);
      expect(Math.abs(poissonInterval(count).high - high)).toBeLessThan(0.03);
    }
    expect(quantileBounds(0.95, 10)).toEqual([expect.closeTo(0.815, 2), 1]);
  });
});

describe('a version’s report', () => {
  const report = {
    version: 'm-1',
    createdAt: '2026-11-01T00:00:00.000Z',
    seed: 1,
    arguments: {},
    data: { rows: 2, templates: 2 },
    curves: [{ training: 'all tickets', loss: [1, 0.5] }],
    heldOut: { rows: 2, top1: 50, hits3: 100, logLoss: 1, slices: { channel: {} } },
    baselines: { majority: 50, nearestMean: 50 },
    confusions: [{ label: 'refund', predicted: 'card-late', count: 1 }],
    calibration: [{ rows: 2, confidence: 0.9, right: 0.5 }],
    confidentErrors: [
      {
        line: 2,
        idHash: idHash('helpdesk:one'),
        label: 'refund',
        predicted: 'card-late',
        confidence: 0.97,
        labelProbability: 0.01,
      },
      {
        line: 3,
        idHash: idHash('helpdesk:two'),
        label: 'refund',
        predicted: 'card-late',
        confidence: 0.9,
        labelProbability: 0.02,
      },
      {
        line: 4,
        idHash: idHash('helpdesk:gone'),
        label: 'refund',
        predicted: 'card-late',
        confidence: 0.9,
        labelProbability: 0.02,
      },
    ],
    diagnosis: {
      training: 100,
      heldOut: 50,
      ceiling: 50,
      parts: [{ name: 'variance', points: 50, next: 'more labels' }],
    },
    seconds: { training: 1 },
  };

  test('is what its training left in its folder; one without is not found', async () => {
    await mkdir(join(scratch.folder, 'm-1'));
    await writeFile(join(scratch.folder, 'm-1', 'run.json'), JSON.stringify(report));
    expect(await get('models/m-1/report')).toEqual(report);
    for (const version of ['m-2', 'none']) {
      await service.request.get(`/api/v1/models/${version}/report`).set(service.as('ml')).expect(404);
    }
  });

  test('names labels that are probably wrong: those of tickets that are there and have not been corrected', async () => {
    const label = (ticketId: string, template: string) =>
      service.query(
        `INSERT INTO labels (ticket, template_id, provenance, labelled_at)
         SELECT id, $2, 'history', now() FROM tickets WHERE ticket_id = $1`,
        [ticketId, template],
      );
    await label('one', 'refund');
    await label('two', 'card-late');
    expect(await get('labels/suspected')).toEqual({
      modelVersion: 'm-1',
      items: [expect.objectContaining({ ticketId: 'one', label: 'refund', predicted: 'card-late', confidence: 0.97 })],
    });
  });
});

test('ended rollouts stay in a list, with their result', async () => {
  const post = (path: string) =>
    service.request.post(`/api/v1/models/${path}`).set(service.as('ml')).send({}).expect(200);
  await post('m-2/shadow');
  expect(await get('models/rollouts')).toMatchObject([{ version: 'm-2', mode: 'shadow', endedAt: null }]);
  await post('rollback');
  expect(await get('models/rollouts')).toMatchObject([{ outcome: 'rolled-back', reason: 'Rolled back by the ml' }]);
});

test('the audit log comes newest first, page by page, of one person where asked for', async () => {
  for (const target of ['a', 'b', 'c']) {
    await recordAudit(service.dataSource.manager, { actor: 'grace', action: 'test.touch', target });
  }
  const targets = ({ items }: Record<string, unknown>) => (items as { target: string }[]).map(({ target }) => target);
  const first = await get('audit-log?actor=grace&limit=2', 'admin');
  expect(targets(first)).toEqual(['c', 'b']);
  const second = await get(`audit-log?actor=grace&limit=2&cursor=${String(first['nextCursor'])}`, 'admin');
  expect(targets(second)).toEqual(['a']);
  expect(second['nextCursor']).toBeNull();
});
