import { Logger } from '@nestjs/common';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { recordAudit } from '../../../src/access/audit-log.js';
import { storeDeadLetter } from '../../../src/ingest/dead-letters.js';
import { reject } from '../../../src/ingest/envelope.js';
import { ChoicesService } from '../../../src/suggest/choices/choices.service.js';
import { deleteExpired, RetentionService } from '../../../src/suggest/retention/retention.service.js';
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
    const place = { topic: 'tickets', partition: 0, offset: String(age), timestamp: 0, key: null, headers: {} };
    await storeDeadLetter(manager, { ...place, value: Buffer.from('x') }, reject('not-json', 'x'), 'dlq');
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
    await deleteExpired(database.source, days);
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
      `INSERT INTO retrain_decisions (decided_at, model_version, action, reasons, requested_by)
       SELECT now() - make_interval(days => days), days::text, 'none', '[]', 'monitor' FROM unnest(ARRAY[1, 40]) AS days`,
    );
    expect(await deleteExpired(database.source, days)).toMatchObject({ readings: 3, decisions: 1 });
    expect(await names('SELECT model_version AS name FROM retrain_decisions')).toEqual(['1']);
    expect(await names(`SELECT extract(minute FROM at)::text AS name FROM monitor_readings ORDER BY at`)).toHaveLength(
      3,
    );
  });

  test('keeps a ticket that came long ago and was answered today', async () => {
    await choose('open-40', 0);
    await deleteExpired(database.source, days);
    expect(await ofTickets('labels')).toEqual(['answered-0', 'open-40']);
  });

  test('is cleared in portions, and a stop comes between them', async () => {
    await query(
      `INSERT INTO audit_log (at, actor, action, target) SELECT now() - interval '99 days', 'a', 'test', 'many'
         FROM generate_series(1, 2500)`,
    );
    await expect(deleteExpired(database.source, days, AbortSignal.abort())).rejects.toThrow(/abort/i);
    expect(await deleteExpired(database.source, days)).toMatchObject({ auditEntries: 2500 });
  });
});

describe('the service', () => {
  const services: RetentionService[] = [];
  function replica(): RetentionService {
    const service = new RetentionService(database.source, testConfig(database.url, { RETENTION_TICKETS_DAYS: '30' }));
    services.push(service);
    service.start();
    return service;
  }
  afterAll(() => Promise.all(services.map((service) => service.stop())));

  const lastRunAt = async (): Promise<Date | undefined> =>
    (await query<{ at: Date }>(`SELECT last_run_at AS at FROM job_runs WHERE job = 'retention'`))[0]?.at;
  const missNight = (): Promise<unknown> => query(`UPDATE job_runs SET last_run_at = now() - interval '25 hours'`);
  const isDeleted = async (ticketId: string): Promise<boolean> => !(await tickets()).includes(ticketId);

  test('runs the job at its first start and records the run', async () => {
    await fill(60);
    const before = Date.now();
    await replica().check();
    expect(await isDeleted('closed-60')).toBe(true);
    expect((await lastRunAt())?.getTime()).toBeGreaterThanOrEqual(before - 1000);
  });

  test('waits for the night, and makes up for a night that was missed', async () => {
    await fill(70);
    await query('UPDATE job_runs SET last_run_at = now()');
    await replica().check();
    expect(await isDeleted('closed-70')).toBe(false);
    await missNight();
    await replica().check();
    expect(await isDeleted('closed-70')).toBe(true);
  });

  test('leaves the job to the replica that runs it', async () => {
    await fill(80);
    await missNight();
    await whileTicketsAreLocked(async () => {
      replica();
      await jobWaits();
      await replica().check();
      expect(await waitingJobs()).toHaveLength(1);
    });
    await waitFor('the first replica to finish', () => isDeleted('closed-80'));
  });

  test('retries after the database was cut off during the job', async () => {
    await fill(90);
    await missNight();
    await whileTicketsAreLocked(async (admin, name, release) => {
      const service = replica();
      await jobWaits();
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      // Ended before the table is released: otherwise the waiting DELETE would succeed first.
      await admin.query(
        `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
          WHERE datname = $1 AND query NOT LIKE '%LOCK TABLE%'`,
        [name],
      );
      await release();
      await service.check();
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      expect(await isDeleted('closed-90')).toBe(false);
      await waitFor('the retry', async () => {
        await service.check();
        return isDeleted('closed-90');
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

  const waitingJobs = (): Promise<unknown[]> =>
    query(
      `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
          AND query LIKE 'DELETE%'`,
    );
  const jobWaits = (): Promise<unknown> =>
    waitFor('the job to wait for the table', waitingJobs, (waiting) => waiting.length === 1);
});
