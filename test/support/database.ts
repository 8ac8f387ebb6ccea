/** A database for each test file, cloned from one that the migrations have been run in for real. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { createDataSource, migrate } from '../../src/database/data-source.js';

const template = 'replyrank_migrated';
const templateLock = 4_208_617;

export interface TestDatabase {
  url: string;
  source: DataSource;
  drop: () => Promise<void>;
}

/** A migrated, empty database of its own, connected. */
export async function freshDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [templateLock]);
    await makeTemplate(admin);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const url = urlOf(name);
  const source = await createDataSource(url, 8, () => undefined).initialize();
  const drop = async (): Promise<void> => {
    if (source.isInitialized) await source.destroy();
    await asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  };
  return { url, source, drop };
}

async function makeTemplate(admin: pg.Client): Promise<void> {
  const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
  if (rowCount) return;
  const unfinished = `${template}_unfinished`;
  await admin.query(`DROP DATABASE IF EXISTS ${unfinished}`);
  await admin.query(`CREATE DATABASE ${unfinished}`);
  const source = await createDataSource(urlOf(unfinished), 2, () => undefined).initialize();
  await migrate(source);
  await source.destroy();
  await admin.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
}

async function asAdmin(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('databaseUrl') });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(database: string): string {
  const url = new URL(inject('databaseUrl'));
  url.pathname = `/${database}`;
  return url.href;
}
