/** A copy of the sample for benches that change it: its own database, model versions and topics. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import type { Servers } from '../support/servers.js';
import { benchDir } from '../support/service.js';

export interface OwnSample {
  /** Variables of a service that uses it. */
  environment: Record<string, string>;
  dataSource: DataSource;
  remove(): Promise<void>;
}

/** Copies the result of `prepareSample`. Nothing else may be connected to the sample's database meanwhile. */
export async function ownSample(servers: Servers, name: string): Promise<OwnSample> {
  const sample = new URL(servers.environment.DATABASE_URL);
  const copy = new URL(sample);
  copy.pathname = `/${name}_${Date.now()}`;
  const database = copy.pathname.slice(1);
  await asAdmin(sample, `CREATE DATABASE ${database} TEMPLATE ${sample.pathname.slice(1)}`);
  const models = mkdtempSync(join(tmpdir(), `replyrank-bench-${name}-`));
  cpSync(join(benchDir, 'models'), models, { recursive: true });
  const dataSource = await createDataSource(copy.href, 4, () => undefined).initialize();
  const topics = ['TICKETS', 'CHOICES', 'SUGGESTIONS', 'TICKETS_DLQ', 'CHOICES_DLQ'].map((topic) => [
    `TOPIC_${topic}`,
    `${database}.${topic.toLowerCase()}`,
  ]);
  return {
    environment: {
      KAFKA_BROKERS: servers.environment.KAFKA_BROKERS,
      DATABASE_URL: copy.href,
      MODEL_DIR: models,
      KAFKA_GROUP: database,
      ...(Object.fromEntries(topics) as Record<string, string>),
    },
    dataSource,
    remove: async () => {
      await dataSource.destroy();
      await asAdmin(sample, `DROP DATABASE ${database} WITH (FORCE)`);
      rmSync(models, { recursive: true, force: true });
    },
  };
}

/** Connects to a database that is neither copied nor dropped. */
async function asAdmin(server: URL, statement: string): Promise<void> {
  const maintenance = new URL(server);
  maintenance.pathname = '/template1';
  const admin = new pg.Client({ connectionString: maintenance.href });
  await admin.connect();
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}
