/** The monitor over HTTP: what an ML engineer reads of alerts and decisions, and what they do about them. */
import type { Response } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { updateAlerts, type DetectedCause } from '../../../src/monitoring/alerts/alert-store.js';
import { decideAndStore } from '../../../src/monitoring/decisions/decision-store.js';
import { emptyEvaluation } from '../../../src/monitoring/diagnosis/alert-diagnosis.js';
import { type EvaluationResult } from '../../../src/monitoring/diagnosis/alert-diagnosis.js';
import { defaultDecisionSettings } from '../../../src/monitoring/decisions/retrain-decision.js';
import { loadCandidates, loadServingVersion } from '../../../src/suggest/requests/serving-version.js';
import { routesOnly, type TestApp } from '../../support/app.js';
import { arrive, aTicket, rankAll, ranked } from '../../support/tickets.js';

let service: TestApp;
beforeAll(async () => {
  service = await routesOnly();
  await service.query(`INSERT INTO model_versions (version, folder, metadata) VALUES ('m-1', 'm-1', '{}')`);
  await service.query(`INSERT INTO model_aliases (alias, version) VALUES ('champion', 'm-1')`);
  await service.query(`INSERT INTO templates (id, title, body, state) VALUES ('card-late', 'Late', 'It is on its way', 'allowed'),
                                                                             ('refund', 'Refund', 'Here it is', 'allowed')`);
  await arrive(service.dataSource, [aTicket('one')]);
  await rankAll(service.dataSource, service.config.TOPIC_SUGGESTIONS, () => ranked('card-late', 'refund'));
});
afterAll(() => service.stop());
beforeEach(() => service.query('DELETE FROM alerts'));

type Body = Record<string, unknown>;
const get = async (path: string): Promise<Body> => (await call('get', path)).body as Body;
const call = (method: 'get' | 'post', path: string, body?: object): Promise<Response> => {
  const request = service.request[method](`/api/v1/${path}`).set(service.as('ml'));
  return body ? request.send(body) : request;
};
const ids = (body: Body): unknown[] => (body.items as { id: number }[]).map(({ id }) => id);

const finding = {
  signal: 'embedding',
  slice: { by: 'all' as const, value: '' },
  statistic: 12,
  pValue: null,
  evidence: 12,
  alarm: true,
  effect: { value: 0.1, low: 0.05, high: 0.15, unit: 'share of tickets' },
  explanation: '10.0 pp of tickets beyond the 95th reference percentile.',
};
const seenCause = (more: Partial<DetectedCause> = {}): DetectedCause => ({
  cause: 'new-topic:',
  group: 'drift',
  action: 'label-first',
  headline: 'One ticket in ten is of a new topic.',
  findings: [finding],
  evidence: { words: ['crypto'] },
  examples: [],
  ...more,
});
async function raise(...causes: DetectedCause[]): Promise<number[]> {
  const where = { modelVersion: 'm-1', stream: 'tickets' as const, at: new Date(), deliver: false };
  return service.dataSource.transaction((manager) =>
    updateAlerts(manager, { ...where, causes, groupOf: (cause) => cause }),
  );
}

describe('alerts', () => {
  test('are listed newest first, page by page, by state', async () => {
    const causes = ['a', 'b', 'c'].map((cause) => seenCause({ cause, group: cause }));
    const [a, b, c] = await raise(...causes);
    await call('post', `alerts/${b}/close`, { reason: 'known' });
    const first = await get('alerts?limit=2');
    expect(ids(first)).toEqual([c, b]);
    expect(ids(await get(`alerts?limit=2&cursor=${String(first.nextCursor)}`))).toEqual([a]);
    expect(ids(await get('alerts?state=open'))).toEqual([c, a]);
    expect(ids(await get('alerts?state=closed'))).toEqual([b]);
  });

  test('show their evidence, example tickets and timeline', async () => {
    const [ticket] = await service.query<{ id: number }>('SELECT id FROM tickets');
    const [id] = await raise(seenCause({ examples: [ticket?.id ?? 0] }));
    await call('post', `alerts/${id}/acknowledge`);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await call('post', `alerts/${id}/snooze`, { reason: 'after the sale', until });
    await call('post', `alerts/${id}/close`, { reason: 'there is a template now' });
    expect(await get(`alerts/${id}`)).toMatchObject({
      state: 'closed',
      owner: 'the ml',
      reason: 'there is a template now',
      action: 'label-first',
      findings: [{ signal: 'embedding', effect: { low: 0.05, high: 0.15 } }],
      evidence: { words: ['crypto'] },
      examples: [{ source: 'helpdesk', ticketId: 'one', preview: 'I ordered it two weeks ago.' }],
      history: ['opened', 'acknowledged', 'snoozed', 'closed'].map((kind) => ({ kind })),
    });
    const actions = await service.query<{ action: string }>(
      `SELECT action FROM audit_log WHERE target = $1 ORDER BY id`,
      [String(id)],
    );
    expect(actions.map(({ action }) => action)).toEqual(['alert.acknowledge', 'alert.snooze', 'alert.close']);
  });

  test('that are closed refuse what makes no sense; wrong requests say what was wrong', async () => {
    const [id] = await raise(seenCause());
    const past = { reason: 'later', until: '2026-01-01T00:00:00Z' };
    expect((await call('post', `alerts/${id}/snooze`, past)).status).toBe(409);
    expect((await call('post', `alerts/${id}/snooze`, { reason: 'later', until: 'tomorrow' })).status).toBe(422);
    expect((await call('post', `alerts/${id}/close`, { reason: ' ' })).status).toBe(422);
    expect((await call('post', `alerts/${id}/close`, { reason: 'known' })).status).toBe(200);
    const again = await call('post', `alerts/${id}/close`, { reason: 'known' });
    expect(again.status).toBe(409);
    expect((again.body as Body).detail).toBe('the alert is closed already');
    expect((await call('get', 'alerts/999999')).status).toBe(404);
    expect((await call('get', 'alerts/none')).status).toBe(422);
    expect((await call('get', 'alerts?cursor=made-up')).status).toBe(422);
  });
});

const look = (seen: Partial<EvaluationResult> = {}, stream: 'tickets' | 'sample' = 'tickets') =>
  service.dataSource.transaction((manager) =>
    decideAndStore(manager, {
      requestedBy: 'monitor',
      now: new Date(),
      stream,
      modelVersion: 'm-1',
      evaluation: { ...emptyEvaluation, ...seen },
      requested: false,
      scheduleDue: false,
      alert: null,
      settings: defaultDecisionSettings,
    }),
  );
const shifted: Partial<EvaluationResult> = {
  alarm: true,
  labelShift: { explains: true, mayExplain: true, distance: 0.3 },
  weights: { 'card-late': 0.5, refund: 2 },
};
const mixOf = (weights: Record<string, number>) => {
  return { weights, before: { 'card-late': 0.5, refund: 0.5 }, distance: 0.3, evidence: 1e6 };
};
const weights = async () =>
  (await loadCandidates(service.dataSource.manager)).map(({ templateId, weight }) => [templateId, weight]);

describe('decisions', () => {
  test('are kept, also where nothing was to be done, with the reasons', async () => {
    const { id } = await look();
    expect(await get(`retrain-decisions/${id}`)).toMatchObject({
      action: 'none',
      requestedBy: 'monitor',
      reasons: [expect.stringContaining('No drift detected')],
      detail: { alarm: false, freshLabels: 0 },
    });
    expect(ids(await get('retrain-decisions?action=none'))).toContain(id);
    expect(ids(await get('retrain-decisions?action=retrain'))).toEqual([]);
  });

  test('can be requested: a retraining needs labels even then', async () => {
    await look();
    const answer = await call('post', 'retrain-decisions', { request: 'retraining' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ action: 'label-first', requestedBy: 'the ml', modelVersion: 'm-1' });
    expect((answer.body as { reasons: string[] }).reasons.at(-1)).toContain('0 new labels');
    expect((await call('post', 'retrain-decisions', { request: 'evaluation' })).body).toMatchObject({ action: 'none' });
    expect((await call('post', 'retrain-decisions', { ask: 'sing' })).status).toBe(422);
  });

  test('count the labels that have come since the last attempt, imported history too', async () => {
    const fresh = async (): Promise<unknown> => {
      const { id } = await look();
      return ((await get(`retrain-decisions/${id}`)).detail as Body).freshLabels;
    };
    const imported = async (ticketId: string): Promise<void> => {
      await service.query(
        `WITH t AS (INSERT INTO tickets (source, ticket_id, subject, body, fields, content_at, state_at)
                    VALUES ('old', $1, '', 'Where is it?', '{}', '2020-01-01', '2020-01-01') RETURNING id)
         INSERT INTO labels (ticket, template_id, provenance, labelled_at) SELECT id, 'refund', 'history', '2020-01-01' FROM t`,
        [ticketId],
      );
    };
    await imported('one');
    await imported('two');
    expect(await fresh()).toBe(2);
    await service.query(`INSERT INTO training_runs (trigger, requested_by, state, started_at, challenger, champion)
                         VALUES ('decision', 'monitor', 'rejected', now(), 'm-2', 'm-1')`);
    expect(await fresh()).toBe(0);
    await imported('three');
    expect(await fresh()).toBe(1);
    await service.query(
      `INSERT INTO training_runs (trigger, requested_by, state, started_at) VALUES ('person', 'ml', 'failed', now())`,
    );
    expect(await fresh()).toBe(1);
    await service.query(`DELETE FROM tickets WHERE source = 'old'`);
    await service.query('DELETE FROM training_runs');
  });

  test('rest on what the last look saw', async () => {
    await look({ alarm: true, causes: [], loss: { value: 0, low: -0.01, high: 0.01 } });
    expect((await call('post', 'retrain-decisions', { request: 'evaluation' })).body).toMatchObject({
      action: 'record',
    });
  });
});

test('a proposal does not flip from look to look: what was worth a retraining is, until the estimate is at its limit', async () => {
  const at = (value: number, low: number) => ({ alarm: true, loss: { value, low, high: 2 * value - low } });
  await look();
  const reasons: (string | undefined)[] = [];
  for (const [value, low] of [
    [0.03, 0.01],
    [0.05, 0.03],
    [0.03, 0.01],
    [0.02, 0],
  ] as const) {
    reasons.push((await look(at(value, low))).reasons.at(1));
  }
  const worth = expect.stringMatching(/: (was )?significantly above the 2 pp retraining threshold/) as string;
  const unsure = expect.stringContaining('not significantly above') as string;
  expect(reasons).toEqual([unsure, worth, worth, unsure]);
});

describe('re-weighting', () => {
  test('takes effect automatically, is shown, ranks the open tickets again, and can be reverted', async () => {
    const before = (await loadServingVersion(service.dataSource.manager)).stamp;
    const { id, action } = await look(shifted);
    expect(action).toBe('reweight');
    expect(await weights()).toEqual([
      ['card-late', 0.5],
      ['refund', 2],
    ]);
    expect((await loadServingVersion(service.dataSource.manager)).stamp).not.toBe(before);
    expect(await service.query('SELECT reason, priority FROM rank_requests')).toEqual([
      { reason: 'model', priority: 1 },
    ]);
    expect(await get('drift')).toMatchObject({ reweighting: { decision: id, weights: { refund: 2 } } });

    expect((await look(shifted)).action).not.toBe('reweight');
    const back = await call('post', `retrain-decisions/${id}/revert`);
    expect(back.body).toMatchObject({ decision: id, endedBy: 'the ml' });
    expect(await weights()).toEqual([
      ['card-late', 1],
      ['refund', 1],
    ]);
    expect(await get('drift')).toMatchObject({ reweighting: null });
    expect((await call('post', `retrain-decisions/${id}/revert`)).status).toBe(409);
  });

  test('ends by itself when the shares are back', async () => {
    await look(shifted);
    await look();
    expect((await weights()).map(([, weight]) => weight)).toEqual([1, 1]);
  });

  test('follows the class prior of the labels, step by step, until a person reverts it', async () => {
    const stamp = async (): Promise<string> => (await loadServingVersion(service.dataSource.manager)).stamp;
    const { id, action } = await look({ classPrior: mixOf({ 'card-late': 0.6, refund: 1.4 }) });
    expect(action).toBe('none');
    expect((await weights()).map(([, weight]) => weight)).toEqual([0.6, 1.4]);
    const before = await stamp();
    await look({ classPrior: mixOf({ 'card-late': 0.61, refund: 1.39 }) });
    expect(await stamp()).toBe(before);
    const next = await look({ classPrior: mixOf({ 'card-late': 0.5, refund: 1.5 }) });
    expect((await weights()).map(([, weight]) => weight)).toEqual([0.5, 1.5]);
    expect((await call('post', `retrain-decisions/${id}/revert`)).status).toBe(409);
    expect((await call('post', `retrain-decisions/${next.id}/revert`)).status).toBe(200);
    await look({ classPrior: mixOf({ 'card-late': 0.5, refund: 1.5 }) });
    expect((await weights()).map(([, weight]) => weight)).toEqual([1, 1]);
  });

  test('is never started by sample tickets', async () => {
    expect((await look(shifted, 'sample')).action).toBe('reweight');
    expect((await weights()).map(([, weight]) => weight)).toEqual([1, 1]);
  });
});
