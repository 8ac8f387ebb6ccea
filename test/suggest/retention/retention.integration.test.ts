import { Logger } from '@nestjs/common';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { recordAudit } from '../../../src/access/audit-log.js';
import { storeDeadLetter } from '../../../src/ingest/dead-letters.js';
import { dead } from '../../../src/ingest/envelope.js';
import { ChoicesService } from '../../../src/suggest/choices/choices.service.js';
import { eraseExpired, nextNight, RetentionService } from '../../../src/suggest/retention/retention.service.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { testConfig } from '../../support/kafka.js';
import { waitFor } from '../../support/waiting.js';
import { arrive, aTicket, rankAll, ranked } from '../../support/tickets.js';

/** What is erased when it has been kept long enough, and who does it. */

let database: TestDatabase;
beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await freshDatabase();
});
afterAll(() => database.drop());

const query = <T>(sql: string, parameters?: unknown[]): Promise<T[]> => database.source.query(sql, parameters);
const names = async (sql: string): Promise<string[]> => (await query<{ name: string }>(sql)).map(({ name }) => name);
const tickets = (): Promise<string[]> => names('SELECT ticket_id AS name FROM tickets ORDER BY name');

const choose = (ticketId: string, age: number): Promise<unknown> =>
  new ChoicesService(database.source).add({
    source: 'helpdesk',
    ticketId,
    choiceId: `c-${ticketId}`,
    agent: 'a-1',
    occurredAt: new Date(Date.now() - age * 86_400_000),
    outcome: 'used',
    templateId: 'card-late',
    suggestionId: null,
    shown: null,
    retracts: null,
    via: 'http',
  });

/** One of each kind, `age` days old. */
async function fill(age: number): Promise<void> {
  const { source } = database;
  const closed = { event: 'closed', occurredAt: '2026-01-06T10:00:00Z' };
  await arrive(
    source,
    ['open', 'closed', 'answered'].map((state) => aTicket(`${state}-${age}`)),
  );
  await rankAll(source, 'suggestions', () => ranked('card-late'));
  await arrive(source, [aTicket(`closed-${age}`, closed)]);
  await choose(`answered-${age}`, age);
  await choose(`never-came-${age}`, age);
  await source.transaction(async (manager) => {
    const place = { topic: 'tickets', partition: 0, offset: String(age), key: null, headers: {} };
    await storeDeadLetter(manager, { ...place, value: Buffer.from('x') }, dead('not-json', 'x'), 'dlq');
    await recordAudit(manager, { actor: 'a', action: 'test', target: String(age) });
    await manager.query(
      `INSERT INTO sessions (hash, kind, name, role, expires_at) VALUES ($1, 'session', $2, 'agent', now())`,
      [Buffer.from(String(age)), String(age)],
    );
    for (const [table, column, condition] of [
      ['tickets', 'updated_at', `ticket_id LIKE '%-${age}'`],
      ['choices', 'received_at', `ticket_id LIKE '%-${age}'`],
      ['dead_letters', 'received_at', `"offset" = ${age}`],
      ['audit_log', 'at', `target = '${age}'`],
      ['sessions', 'expires_at', `name = '${age}'`],
    ]) {
      await manager.query(`UPDATE ${table} SET ${column} = now() - interval '${age} days' WHERE ${condition}`);
    }
  });
}

const ofTickets = (table: string): Promise<string[]> =>
  names(`SELECT ticket_id AS name FROM ${table} x JOIN tickets t ON t.id = x.ticket ORDER BY name`);

describe('each table', () => {
  const days = {
    RETENTION_TICKETS_DAYS: 30,
    RETENTION_DEAD_LETTERS_DAYS: 3,
    RETENTION_AUDIT_LOG_DAYS: 10,
    RETENTION_MONITORING_DAYS: 20,
  };

  test('is cleared of what is older than it may be, with all that hangs on it; an open ticket stays', async () => {
    await fill(0);
    await fill(40);
    await eraseExpired(database.source, days);
    expect(await tickets()).toEqual(['answered-0', 'closed-0', 'open-0', 'open-40']);
    expect(await ofTickets('suggestions')).toEqual(await tickets());
    expect(await ofTickets('ticket_events')).toContain('open-40');
    expect(await ofTickets('labels')).toEqual(['answered-0']);
    expect(await names('SELECT ticket_id AS name FROM choices ORDER BY name')).toEqual(['answered-0', 'never-came-0']);
    expect(await names('SELECT "offset"::text AS name FROM dead_letters')).toEqual(['0']);
    expect(await names('SELECT target AS name FROM audit_log')).toEqual(['0']);
    expect(await names('SELECT name FROM sessions')).toEqual(['0']);
  });

  test('of the monitor too: charts of a month ago keep one point an hour', async () => {
    await query(
      `INSERT INTO monitor_readings (model_version, stream, at, readings)
       SELECT 'm-1', 'tickets', date_trunc('hour', now()) - make_interval(days => days, mins => minutes), '[]'
         FROM unnest(ARRAY[1, 15, 25]) AS days, unnest(ARRAY[10, 20]) AS minutes`,
    );
    await query(
      `INSERT INTO retrain_decisions (decided_at, model_version, action, reasons, asked_by)
       SELECT now() - make_interval(days => days), days::text, 'none', '[]', 'monitor' FROM unnest(ARRAY[1, 40]) AS days`,
    );
    expect(await eraseExpired(database.source, days)).toMatchObject({ readings: 3, decisions: 1 });
    expect(await names('SELECT model_version AS name FROM retrain_decisions')).toEqual(['1']);
    expect(await names(`SELECT extract(minute FROM at)::text AS name FROM monitor_readings ORDER BY at`)).toHaveLength(
      3,
    );
  });

  test('keeps a ticket that came long ago and was answered today', async () => {
    await choose('open-40', 0);
    await eraseExpired(database.source, days);
    expect(await ofTickets('labels')).toEqual(['answered-0', 'open-40']);
  });

  test('is cleared in portions, and a stop comes between them', async () => {
    await query(
      `INSERT INTO audit_log (at, actor, action, target) SELECT now() - interval '99 days', 'a', 'test', 'many'
         FROM generate_series(1, 2500)`,
    );
    await expect(eraseExpired(database.source, days, AbortSignal.abort())).rejects.toThrow(/abort/i);
    expect(await eraseExpired(database.source, days)).toMatchObject({ auditEntries: 2500 });
  });
});

describe('the service', () => {
  const services: RetentionService[] = [];
  async function replica(): Promise<RetentionService> {
    const service = new RetentionService(database.source, testConfig(database.url, { RETENTION_TICKETS_DAYS: '30' }));
    services.push(service);
    await service.start();
    return service;
  }
  afterAll(() => Promise.all(services.map((service) => service.stop())));

  const jobs = (): Promise<{ at: Date; attempts: number }[]> =>
    query('SELECT run_at AS at, attempts FROM graphile_worker.jobs WHERE key IS NOT NULL');
  /** The next night is planned, once; the night that was next before may have come meanwhile. */
  const isPlannedSince = async (before: Date): Promise<void> => {
    const [job, ...more] = await jobs();
    expect(more).toEqual([]);
    expect(job?.attempts).toBe(0);
    expect([before, nextNight(new Date())]).toContainEqual(job?.at);
  };
  const isErased = async (ticketId: string): Promise<boolean> => !(await tickets()).includes(ticketId);

  test('does it at its first start, and plans the next night', async () => {
    await fill(60);
    const service = await replica();
    const before = nextNight(new Date());
    await service.look();
    expect(await isErased('closed-60')).toBe(true);
    await isPlannedSince(before);
  });

  test('leaves it to the night where that is still to come, and makes up for a night that it missed', async () => {
    await fill(70);
    await (await replica()).look();
    expect(await isErased('closed-70')).toBe(false);
    await query(`UPDATE graphile_worker._private_jobs SET run_at = now() - interval '5 hours'`);
    const before = nextNight(new Date());
    await (await replica()).look();
    expect(await isErased('closed-70')).toBe(true);
    await isPlannedSince(before);
  });

  test('leaves it to the replica that is at it', async () => {
    await fill(80);
    await whileTicketsAreLocked(async () => {
      await query(`UPDATE graphile_worker._private_jobs SET run_at = now()`);
      await replica();
      await jobWaits();
      await (await replica()).look();
      expect(await query('SELECT 1 FROM graphile_worker.jobs')).toHaveLength(1);
    });
    await waitFor('the first to be done', () => isErased('closed-80'));
    await waitFor('the next night', jobs, (planned) => planned.every(({ attempts }) => attempts === 0));
  });

  test('outlives a database that is cut off in the middle of it', async () => {
    await fill(90);
    await whileTicketsAreLocked(async (admin, name, release) => {
      await query(`UPDATE graphile_worker._private_jobs SET run_at = now()`);
      const service = await replica();
      await jobWaits();
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      // Waited for before the table is free again: whoever gets it would delete before he hears of his own end.
      await admin.query(
        `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
          WHERE datname = $1 AND query NOT LIKE '%LOCK TABLE%'`,
        [name],
      );
      await release();
      await service.look();
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      expect(await isErased('closed-90')).toBe(false);
      // Nobody can say whether the one who has the job still lives; after four hours it is taken from him.
      await query(`UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '5 hours'`);
      await waitFor('the job to be done', async () => {
        await service.look();
        return isErased('closed-90');
      });
    });
  });

  /** Somebody else holds the table, so that a job that has begun does not end. */
  async function whileTicketsAreLocked(
    work: (admin: pg.Client, name: string, release: () => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    const admin = new pg.Client({ connectionString: inject('databaseUrl') });
    const holder = new pg.Client({ connectionString: database.url });
    await Promise.all([admin.connect(), holder.connect()]);
    try {
      await holder.query('BEGIN; LOCK TABLE tickets');
      await work(admin, new URL(database.url).pathname.slice(1), () => holder.query('ROLLBACK'));
    } finally {
      await Promise.all([admin.end(), holder.end()]);
    }
  }

  const jobWaits = (): Promise<unknown> =>
    waitFor(
      'the job to wait for the table',
      () =>
        query(
          `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
              AND query LIKE 'DELETE%'`,
        ),
      (waiting) => waiting.length === 1,
    );
});

test('the night is at 3:17 UTC', () => {
  const night = (now: string): string => nextNight(new Date(now)).toISOString();
  expect(night('2026-12-31T03:16:59Z')).toBe('2026-12-31T03:17:00.000Z');
  expect(night('2026-12-31T03:17:00Z')).toBe('2027-01-01T03:17:00.000Z');
});
