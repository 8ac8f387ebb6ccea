/**
 * One Kafka broker and one PostgreSQL for the whole run of the tests. A test asks for them with `inject('kafkaBrokers')`
 * and `inject('databaseUrl')`, and makes topics and a database of its own in them.
 */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { readConfig } from '../../src/config/config.js';
import { startEmbedded, type EmbeddedServers } from '../../src/embedded/embedded.js';
import { stopKafka } from '../../src/embedded/kafka.js';
import { erasePostgres } from '../../src/embedded/postgres.js';
import { identify } from '../../src/setup/process-identity.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port */
    kafkaBrokers: string;
    /** Of a superuser, so that a test can make a database */
    databaseUrl: string;
  }
}

const prefix = 'replyrank-test-';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers();
  const me = identify(process.pid);
  // Not mkdtemp: where the tests run as root, PostgreSQL runs as a user that must get into the folder.
  const dataDir = join(tmpdir(), `${prefix}${process.pid}-${me?.started ?? ''}`);
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o755);
  const erase = async (servers?: EmbeddedServers): Promise<void> => {
    await servers?.stop();
    await eraseData(dataDir);
  };
  try {
    const servers = await startEmbedded({
      kafka: true,
      postgres: true,
      dataDir,
      storeDir: readConfig().STORE_DIR,
      report: () => undefined,
    });
    project.provide('kafkaBrokers', servers.kafkaBrokers ?? '');
    project.provide('databaseUrl', servers.databaseUrl ?? '');
    return () => erase(servers);
  } catch (error) {
    await erase();
    throw error;
  }
}

/** Of runs that were killed: their servers go on until somebody stops them. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid, started] = new RegExp(`^${prefix}(\\d+)-(.*)$`).exec(name) ?? [];
    if (pid === undefined || identify(Number(pid))?.started === started) continue;
    await eraseData(join(tmpdir(), name));
  }
}

async function eraseData(dataDir: string): Promise<void> {
  await stopKafka(dataDir);
  await erasePostgres(dataDir);
  await rm(dataDir, { recursive: true, force: true });
}
