import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeDeadLetter } from '../src/ingest/dead-letters.js';
import { dead } from '../src/ingest/envelope.js';
import { recordAudit } from '../src/access/audit-log.js';
import { eraseExpired, RetentionService } from '../src/suggest/retention.service.js';
import { freshDatabase, type TestDatabase } from './support/database.js';
import { testConfig, waitFor } from './support/kafka.js';
import { arrive, aTicket, rankAll, ranked } from './support/tickets.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const days = { RETENTION_TICKETS_DAYS: 30, RETENTION_DEAD_LETTERS_DAYS: 3, RETENTION_AUDIT_LOG_DAYS: 10 };

/** One of each kind, `age` days old. */
async function fill(age: number): Promise<void> {
  const { source } = database;
  const closed = { event: 'closed', occurredAt: '2026-01-06T10:00:00Z' };
  await arrive(source, [aTicket(`open-${age}`), aTicket(`closed-${age}`)]);
  await rankAll(source, 'suggestions', () => ranked('card-late'));
  await arrive(source, [aTicket(`closed-${age}`, closed)]);
  await source.transaction(async (manager) => {
    const message = {
      topic: 'tickets',
      partition: 0,
      offset: String(age),
      key: null,
      headers: {},
      value: Buffer.from('x'),
    };
    await storeDeadLetter(manager, message, dead('not-json', 'x'), 'dlq');
    await recordAudit(manager, { actor: 'a', action: 'test', target: String(age) });
    for (const [table, column, condition] of [
      ['tickets', 'updated_at', `ticket_id LIKE '%-${age}'`],
      ['dead_letters', 'received_at', `"offset" = ${age}`],
      ['audit_log', 'at', `target = '${age}'`],
    ]) {
      await manager.query(`UPDATE ${table} SET ${column} = now() - interval '${age} days' WHERE ${condition}`);
    }
  });
}

async function left(): Promise<Record<string, string[]>> {
  const names = async (sql: string): Promise<string[]> =>
    (await database.source.query<{ name: string }[]>(sql)).map(({ name }) => name);
  return {
    tickets: await names('SELECT ticket_id AS name FROM tickets ORDER BY name'),
    suggestions: await names(
      'SELECT ticket_id AS name FROM suggestions s JOIN tickets t ON t.id = s.ticket ORDER BY name',
    ),
    deadLetters: await names('SELECT "offset"::text AS name FROM dead_letters ORDER BY name'),
    auditLog: await names('SELECT target AS name FROM audit_log ORDER BY name'),
  };
}

test('each table is cleared of what is older than it may be; an open ticket stays', async () => {
  await fill(2);
  await fill(40);
  await eraseExpired(database.source, days);
  expect(await left()).toEqual({
    tickets: ['closed-2', 'open-2', 'open-40'],
    suggestions: ['closed-2', 'open-2', 'open-40'],
    deadLetters: ['2'],
    auditLog: ['2'],
  });
});

test('the service does it by a job in the database, and stops with it', async () => {
  await fill(60);
  const config = testConfig(database.url, { RETENTION_TICKETS_DAYS: '30' });
  const retention = new RetentionService(database.source, config);
  await retention.start();
  try {
    await database.source.query(`SELECT graphile_worker.add_job('retention')`);
    await waitFor('the job to be done', async () => !(await left())['tickets']?.includes('closed-60'));
    expect((await left())['tickets']).toContain('open-60');
  } finally {
    await retention.stop();
  }
});
