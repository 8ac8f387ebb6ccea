/** The monitor in service, on a real database: what it counts, in which order, and what a crash or a second replica does to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../../src/statistics/random.js';
import { copyBands } from '../../../src/models/features/text-facts.js';
import { decodeBase64 } from '../../../src/monitoring/observations/base64-numbers.js';
import { CounterThread } from '../../../src/monitoring/runner/counter-thread.js';
import { AlertDiagnosisService } from '../../../src/monitoring/runner/alert-diagnosis.service.js';
import { forgetMonitored } from '../../../src/monitoring/runner/forget-monitored.js';
import { MonitorTick } from '../../../src/monitoring/runner/monitor-tick.service.js';
import { MonitorRunner } from '../../../src/monitoring/runner/monitor-runner.service.js';
import { hash53 } from '../../../src/monitoring/reference/ticket-coding.js';
import { forget } from '../../../src/suggest/retention/forget-ticket.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { testConfig } from '../../support/kafka.js';
import { arrive, aTicket } from '../../support/tickets.js';
import {
  arriveRanked,
  bandsOf,
  fingerprintOf,
  makeChampion,
  syntheticTicket,
  writeModel,
  type SyntheticTicket,
} from '../../support/watched.js';

let database: TestDatabase;
let modelDir: string;
const threads: CounterThread[] = [];
beforeAll(async () => {
  Logger.overrideLogger(false);
  modelDir = await mkdtemp(join(tmpdir(), 'replyrank-monitor-'));
  await writeModel(modelDir, 'm-1');
  await writeModel(modelDir, 'm-2', 2);
});
afterAll(() => rm(modelDir, { recursive: true, force: true }));
beforeEach(async () => {
  database = await freshDatabase();
  await makeChampion(database.source, 'm-1');
  return async () => {
    for (const thread of threads.splice(0)) await thread.stop();
    await database.drop();
  };
});

const query = <T>(sql: string, parameters?: unknown[]): Promise<T[]> => database.source.query(sql, parameters);

/** A replica's monitor with windows of ten minutes and two minutes of allowed lateness. */
function replica(environment: Record<string, string> = {}): MonitorRunner {
  const config = testConfig(database.url, {
    MODEL_DIR: modelDir,
    MONITOR_MIN_TICKETS_PER_FALSE_ALARM: '5000',
    ...environment,
  });
  const thread = new CounterThread();
  threads.push(thread);
  const tick = new MonitorTick(config, thread, new AlertDiagnosisService(config, thread));
  return new MonitorRunner(database.source, config, thread, tick, new Registry());
}
async function countAll(monitor: MonitorRunner, now = at(100_000)): Promise<void> {
  while (await monitor.tick(now));
}

const start = Date.parse('2026-01-05T10:00:00Z');
const at = (minutes: number): Date => new Date(start + minutes * 60_000);
/** So many tickets, one a minute. */
function stream(count: number, { from = 0, newTopicFrom = Infinity, seed = 7 } = {}): SyntheticTicket[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) =>
    syntheticTicket(random, {
      ticketId: `s-${from + index}`,
      occurredAt: at(from + index),
      newTopic: from + index >= newTopicFrom && random() < 0.3,
    }),
  );
}
/** Everything that a replay must reproduce, except the windows' ids. */
const outcome = async (): Promise<unknown> => {
  const [state] = await query<{ detectors: unknown; tickets: number; findings: unknown }>(
    `SELECT state -> 'detectors' AS detectors, tickets, findings FROM monitor_states`,
  );
  const windows = await query(
    'SELECT starts_at, ends_at, tickets, sample FROM monitor_windows ORDER BY starts_at, tickets, id',
  );
  return { ...state, windows };
};

describe('counting', () => {
  test('counts each ticket once, when its window has closed', async () => {
    const monitor = replica();
    await arriveRanked(database.source, 'm-1', stream(25));
    await countAll(monitor, at(21));
    expect(await query('SELECT tickets FROM monitor_windows ORDER BY starts_at')).toEqual([{ tickets: 10 }]);
    await countAll(monitor, at(22));
    expect(await query('SELECT tickets FROM monitor_windows ORDER BY starts_at')).toEqual([
      { tickets: 10 },
      { tickets: 10 },
    ]);
    await countAll(monitor);
    expect(await query('SELECT tickets FROM monitor_states')).toEqual([{ tickets: 25 }]);
    await countAll(monitor);
    expect(await query('SELECT tickets FROM monitor_states')).toEqual([{ tickets: 25 }]);
  });

  test('counts neither a second delivery nor a later revision', async () => {
    const tickets = stream(10);
    const monitor = replica();
    await arriveRanked(database.source, 'm-1', tickets);
    await countAll(monitor);
    await arriveRanked(database.source, 'm-1', tickets);
    await arrive(database.source, [aTicket('s-3', { occurredAt: at(500).toISOString(), body: 'Something else.' })]);
    await arriveRanked(database.source, 'm-1', tickets);
    expect(await query('SELECT max(revision) AS revision FROM suggestions')).toEqual([{ revision: 2 }]);
    await countAll(monitor);
    expect(await query('SELECT tickets FROM monitor_states')).toEqual([{ tickets: 10 }]);
  });

  test('counts a late ticket in the window of its event time, as late', async () => {
    const monitor = replica();
    const [late, ...tickets] = stream(30);
    await arriveRanked(database.source, 'm-1', tickets);
    await countAll(monitor);
    await arriveRanked(database.source, 'm-1', [late as SyntheticTicket]);
    await countAll(monitor);
    expect(await query('SELECT starts_at, late FROM monitor_windows WHERE tickets = 1')).toEqual([
      { starts_at: at(0), late: 1 },
    ]);
    expect(await query('SELECT tickets FROM monitor_states')).toEqual([{ tickets: 30 }]);
  });

  test('does not skip a row that is committed late', async () => {
    const monitor = replica();
    const [early, ...tickets] = stream(10);
    await arriveRanked(database.source, 'm-1', tickets);
    const slow = database.source.createQueryRunner();
    await arrive(database.source, [aTicket('slow', { occurredAt: early?.occurredAt.toISOString() })]);
    await slow.startTransaction();
    await slow.query(
      `INSERT INTO observed_tickets (ticket, model_version, stream, occurred_at, abstained, words, fingerprint)
       SELECT id, 'm-1', 'tickets', content_at, false, 3, 'x' FROM tickets WHERE ticket_id = 'slow'`,
    );
    await slow.query(
      `INSERT INTO suggestions (id, ticket, revision, model_version, abstained, ranking, shown_probability)
       SELECT gen_random_uuid(), id, 1, 'm-1', false, '[]', 1 FROM tickets WHERE ticket_id = 'slow'`,
    );
    await countAll(monitor);
    await slow.commitTransaction();
    await slow.release();
    await countAll(monitor);
    expect(await query('SELECT tickets FROM monitor_states')).toEqual([{ tickets: 10 }]);
    expect(await query(`SELECT 1 FROM observed_tickets WHERE window_id IS NULL`)).toEqual([]);
  });

  test('keeps sample tickets apart from real ones', async () => {
    await arriveRanked(database.source, 'm-1', stream(20));
    await query(`UPDATE observed_tickets SET stream = 'sample' WHERE ticket % 2 = 0`);
    await countAll(replica());
    expect(await query('SELECT stream, tickets FROM monitor_states ORDER BY stream')).toEqual([
      { stream: 'sample', tickets: 10 },
      { stream: 'tickets', tickets: 10 },
    ]);
  });

  test('skips tickets of a model without a reference, and reports that they are not monitored', async () => {
    await arriveRanked(database.source, 'text-match', stream(5));
    await countAll(replica());
    expect(await query('SELECT model_version, state FROM monitor_states')).toEqual([
      { model_version: 'text-match', state: null },
    ]);
    expect(await query('SELECT DISTINCT window_id FROM observed_tickets')).toEqual([{ window_id: 0 }]);
  });
});

describe('the same tickets give the same values', () => {
  /** Five times of an hour, that each test counts in its own way. */
  const hours = { MONITOR_WINDOW_S: '3600' };
  let expected: unknown;
  const reset = async (): Promise<void> => {
    await query('TRUNCATE monitor_windows, monitor_states, monitor_readings, retrain_decisions, alerts CASCADE');
    await query('UPDATE observed_tickets SET window_id = NULL');
  };
  beforeEach(async () => {
    await arriveRanked(database.source, 'm-1', stream(300, { newTopicFrom: 150 }));
    await countAll(replica(hours));
    expected = await outcome();
    await reset();
  });

  test('counted by a monitor that is killed after every window and loses one each time', async () => {
    for (let window = 0; window < 5; window += 1) {
      const monitor = replica(hours);
      await query('ALTER TABLE monitor_states ADD CONSTRAINT broken CHECK (tickets < 0) NOT VALID');
      await expect(monitor.tick(at(100_000))).rejects.toThrow(/broken/);
      await query('ALTER TABLE monitor_states DROP CONSTRAINT broken');
      await monitor.tick(at(100_000));
      await threads.pop()?.stop();
    }
    expect(await outcome()).toEqual(expected);
  });

  test('counted by two replicas at once', async () => {
    const [one, two] = [replica(hours), replica(hours)];
    for (let window = 0; window < 10; window += 1) {
      await Promise.all([one.tick(at(100_000)), two.tick(at(100_000))]);
    }
    expect(await outcome()).toEqual(expected);
  });
});

test('arriving in another order, a third of them twice, they give the same values', async () => {
  const tickets = stream(200);
  await arriveRanked(database.source, 'm-1', tickets);
  await countAll(replica());
  const expected = await outcome();
  await query('TRUNCATE tickets, monitor_windows, monitor_states, monitor_readings, retrain_decisions, alerts CASCADE');
  const random = seeded(3);
  const shuffled = tickets.map((ticket) => ({ ticket, place: random() })).sort((a, b) => a.place - b.place);
  for (let part = 0; part < 8; part += 1) {
    const own = shuffled.filter((_, index) => index % 8 === part).map(({ ticket }) => ticket);
    await arriveRanked(database.source, 'm-1', own);
    await arriveRanked(database.source, 'm-1', own.slice(0, own.length / 3));
  }
  await countAll(replica());
  expect(await outcome()).toEqual(expected);
});

describe('a new topic', () => {
  test('raises an alert, whose decision is kept; a quiet stream raises none', async () => {
    const monitor = replica();
    await arriveRanked(database.source, 'm-1', stream(300));
    await countAll(monitor);
    expect(await query('SELECT 1 FROM alerts')).toEqual([]);
    expect(await query('SELECT DISTINCT action FROM retrain_decisions')).toEqual([{ action: 'none' }]);
    await arriveRanked(database.source, 'm-1', stream(600, { from: 300, newTopicFrom: 300 }));
    await countAll(monitor);
    const alerts = await query<{ state: string; findings: { signal: string }[] }>('SELECT state, findings FROM alerts');
    expect(alerts).toHaveLength(1);
    expect(alerts[0]?.state).toBe('open');
    expect(alerts[0]?.findings.map(({ signal }) => signal)).toContain('embedding');
    const [last] = await query<{ alert: number | null; action: string }>(
      'SELECT alert, action FROM retrain_decisions ORDER BY id DESC LIMIT 1',
    );
    expect(last?.alert).not.toBeNull();
    expect(last?.action).not.toBe('none');
  });

  test('is told once by a monitor that has fallen behind: it explains what raised the alarm and the newest tickets, not each time between', async () => {
    await arriveRanked(database.source, 'm-1', stream(900, { newTopicFrom: 300 }));
    await countAll(replica());
    const [{ decisions } = { decisions: 0 }] = await query<{ decisions: number }>(
      'SELECT count(*)::int AS decisions FROM retrain_decisions',
    );
    expect(decisions).toBeGreaterThan(1);
    expect(decisions).toBeLessThan(90 / 3);
    expect(await query('SELECT state FROM alerts')).toEqual([{ state: 'open' }]);
  });

  test('is forgotten by the next model, which has its own reference and detectors', async () => {
    const monitor = replica();
    await arriveRanked(database.source, 'm-1', stream(600, { newTopicFrom: 0 }));
    await countAll(monitor);
    await makeChampion(database.source, 'm-2');
    await arriveRanked(database.source, 'm-2', stream(50, { from: 1_000 }));
    await countAll(monitor);
    expect(await query('SELECT state, reason FROM alerts')).toEqual([
      { state: 'closed', reason: 'Model m-2 was promoted' },
    ]);
    expect(await query('SELECT model_version, tickets FROM monitor_states ORDER BY 1')).toEqual([
      { model_version: 'm-1', tickets: 600 },
      { model_version: 'm-2', tickets: 50 },
    ]);
  });
});

test('old windows are merged into longer ones with the same tickets', async () => {
  const monitor = replica();
  await arriveRanked(database.source, 'm-1', stream(1_000));
  await countAll(monitor);
  const windows = await query<{ level: number; tickets: number }>('SELECT level, tickets FROM monitor_windows');
  expect(windows.reduce((sum, { tickets }) => sum + tickets, 0)).toBe(1_000);
  expect(windows.some(({ level, tickets }) => level === 1 && tickets === 60)).toBe(true);
  expect(windows.length).toBeLessThan(45);
});

test('an erased ticket is removed from the windows and the detectors', async () => {
  const monitor = replica();
  await arriveRanked(database.source, 'm-1', stream(100));
  await countAll(monitor);
  const holds = async (): Promise<boolean[]> => {
    const rows = await query<{ keys: string; filter: number[]; bands: string }>(
      `SELECT w.sample ->> 'keys' AS keys, s.state #> '{detectors,filter}' AS filter, s.state #>> '{detectors,bands}' AS bands
         FROM monitor_windows w, monitor_states s`,
    );
    const keys = rows.flatMap(({ keys: text }) => [
      ...new Float64Array(new Uint8Array(Buffer.from(text, 'base64')).buffer),
    ]);
    const bands = new Uint32Array(decodeBase64(rows[0]?.bands ?? ''));
    expect(bands).toHaveLength(copyBands * (rows[0]?.filter ?? []).length);
    return [
      keys.includes(hash53('helpdesk:s-42')),
      (rows[0]?.filter ?? []).includes(hash53(fingerprintOf('s-42'))),
      bandsOf('s-42').some((band) => bands.includes(band)),
    ];
  };
  expect(await holds()).toEqual([true, true, true]);
  await database.source.transaction(async (manager) => {
    const { tickets } = await forget(manager, { source: 'helpdesk', ticketId: 's-42' }, 'test');
    await forgetMonitored(manager, tickets);
  });
  expect(await holds()).toEqual([false, false, false]);
  await arriveRanked(database.source, 'm-1', stream(20, { from: 100 }));
  await countAll(monitor);
  expect(await holds()).toEqual([false, false, false]);
  expect(await query('SELECT tickets FROM monitor_states')).toEqual([{ tickets: 120 }]);
});
