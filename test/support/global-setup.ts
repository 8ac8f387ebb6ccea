/**
 * One Kafka broker and one PostgreSQL for the whole run of the tests, whichever projects it has. A test asks for them with
 * `inject('kafkaBrokers')` and `inject('databaseUrl')`, and makes topics and a database of its own in them.
 */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { readConfig } from '../../src/config/config.js';
import { startEmbedded } from '../../src/embedded/embedded.js';
import { stopKafka } from '../../src/embedded/kafka.js';
import { erasePostgres } from '../../src/embedded/postgres.js';
import { identify } from '../../src/processes/process-identity.js';
import { build } from './build.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port */
    kafkaBrokers: string;
    /** Of a superuser, so that a test can make a database */
    databaseUrl: string;
    /** A folder that is gone after the run */
    runDir: string;
  }
}

interface Run {
  dataDir: string;
  kafkaBrokers: string;
  databaseUrl: string;
  stop: () => Promise<void>;
}

const prefix = 'replyrank-test-';
/** Of this run; each project loads this file anew, so that it can't stand here. */
const shared = globalThis as { replyrankTestRun?: { run: Promise<Run>; projects: number } };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const own = (shared.replyrankTestRun ??= { run: start(), projects: 0 });
  own.projects += 1;
  const { dataDir, kafkaBrokers, databaseUrl, stop } = await own.run;
  project.provide('runDir', dataDir);
  project.provide('kafkaBrokers', kafkaBrokers);
  project.provide('databaseUrl', databaseUrl);
  return async () => {
    own.projects -= 1;
    if (own.projects === 0) await stop();
  };
}

async function start(): Promise<Run> {
  await removeLeftovers();
  const me = identify(process.pid);
  // Not mkdtemp: where the tests run as root, PostgreSQL runs as a user that must get into the folder.
  const dataDir = join(tmpdir(), `${prefix}${process.pid}-${me?.started ?? ''}`);
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o755);
  const { STORE_DIR: storeDir } = readConfig();
  const [servers, built] = await Promise.allSettled([
    startEmbedded({ kafka: true, postgres: true, dataDir, storeDir, report: () => undefined }),
    build(),
  ]);
  const stop = async (): Promise<void> => {
    if (servers.status === 'fulfilled') await servers.value.stop();
    await eraseData(dataDir);
  };
  const failed = [servers, built].find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    await stop();
    throw failed.reason;
  }
  const { kafkaBrokers = '', databaseUrl = '' } = servers.status === 'fulfilled' ? servers.value : {};
  return { dataDir, kafkaBrokers, databaseUrl, stop };
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
