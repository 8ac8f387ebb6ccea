import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { startEmbedded, type EmbeddedServers } from '../../src/embedded/embedded.js';
import { findProcesses } from '../../src/embedded/server-process.js';
import { stopKafka } from '../../src/embedded/kafka.js';
import { isBrokerReady } from '../../src/embedded/kafka-probe.js';
import { isFree } from '../../src/embedded/ports.js';
import { erasePostgres } from '../../src/embedded/postgres.js';
import { connectKafka, ensureTopics } from '../../src/ingest/kafka.js';
import { waitFor } from '../support/waiting.js';

const root = resolve(import.meta.dirname, '../..');
const { STORE_DIR } = readConfig();
let folder: string;
let dataDir: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replyrank-embedded-'));
  await chmod(folder, 0o755);
  dataDir = join(folder, 'data');
  lines = [];
});
afterEach(async () => {
  await stopKafka(dataDir);
  await erasePostgres(dataDir);
  await rm(folder, { recursive: true, force: true });
});

function start(which: { kafka?: boolean } = {}): Promise<EmbeddedServers> {
  const report = (line: string): number => lines.push(line);
  return startEmbedded({ kafka: which.kafka ?? false, postgres: true, dataDir, storeDir: STORE_DIR, report });
}

async function query(servers: EmbeddedServers, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: servers.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

const portOf = (servers: EmbeddedServers): number => Number(new URL(servers.databaseUrl ?? '').port);
const brokerPortOf = (servers: EmbeddedServers): number => Number(servers.kafkaBrokers?.split(':')[1]);
const processOf = (server: string): number =>
  Number(new RegExp(`${server}: .*process (\\d+)`).exec(lines.findLast((line) => line.startsWith(server)) ?? '')?.[1]);

describe('the embedded servers', () => {
  // Four starts of servers one after another.
  const restarts = { timeout: 240_000 };
  test(
    'outlive a service that is killed, are taken over by the next, and come back when they die',
    restarts,
    async () => {
      const program = `
      const { startEmbedded } = await import(${JSON.stringify(join(root, 'dist/src/embedded/embedded.js'))});
      await startEmbedded({ kafka: true, postgres: true, dataDir: ${JSON.stringify(dataDir)},
        storeDir: ${JSON.stringify(STORE_DIR)}, report: (line) => process.send(line) });
      process.kill(process.pid, 'SIGKILL');`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: [0, 1, 2, 'ipc'] });
      child.on('message', (line: string) => lines.push(line));
      // What it has said may come after its end.
      await Promise.all(['exit', 'disconnect'].map((event) => once(child, event)));
      const before = [processOf('Kafka'), processOf('PostgreSQL')];

      const servers = await start({ kafka: true });
      expect(lines.filter((line) => line.includes('already running'))).toHaveLength(2);
      expect([processOf('Kafka'), processOf('PostgreSQL')]).toEqual(before);

      // They are watched over from then on: one that dies is back on its port.
      await query(servers, 'CREATE TABLE kept AS SELECT 1 AS one');
      process.kill(processOf('PostgreSQL'), 'SIGKILL');
      process.kill(processOf('Kafka'), 'SIGKILL');
      expect(await waitFor('PostgreSQL to be back', () => query(servers, 'SELECT one FROM kept'))).toEqual([
        { one: 1 },
      ]);
      await waitFor('Kafka to be back', () => isBrokerReady(brokerPortOf(servers)));

      await servers.stop();
      expect(await isFree(portOf(servers))).toBe(true);
      expect(await isFree(brokerPortOf(servers))).toBe(true);
    },
  );

  test('are stopped by the last one who uses them', async () => {
    const first = await start();
    const second = await start();
    expect(second.databaseUrl).toBe(first.databaseUrl);
    await first.stop();
    expect(await query(second, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await second.stop();
    expect(await isFree(portOf(second))).toBe(true);
    expect(await readdir(join(dataDir, 'users'))).toEqual([]);
  });

  test("whose start is broken off do not go on behind anybody's back", async () => {
    const stopping = new AbortController();
    const report = (line: string): void => {
      if (line.startsWith('PostgreSQL: running')) stopping.abort();
    };
    const all = { kafka: true, postgres: true, dataDir, storeDir: STORE_DIR, report, signal: stopping.signal };
    await expect(startEmbedded(all)).rejects.toThrow(/abort/i);
    expect(findProcesses((words) => words.some((word) => word.includes(dataDir)))).toEqual([]);
  });

  test('are started once by two services that start at once', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(second.databaseUrl).toBe(first.databaseUrl);
    await Promise.all([first.stop(), second.stop()]);
  });

  test('take another port where theirs is taken', async () => {
    const first = await start();
    await first.stop();
    const squatter = createServer().listen(portOf(first), '127.0.0.1');
    await once(squatter, 'listening');
    const second = await start();
    expect(portOf(second)).not.toBe(portOf(first));
    expect(await query(second, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await second.stop();
    squatter.close();
  });

  test('of two data folders know nothing of each other', async () => {
    const first = await start();
    const own = dataDir;
    dataDir = join(folder, 'other');
    const second = await start();
    await query(first, 'CREATE TABLE mine (a int)');
    expect(await query(second, "SELECT 1 FROM pg_tables WHERE tablename = 'mine'")).toEqual([]);
    await Promise.all([first.stop(), second.stop()]);
    await erasePostgres(dataDir);
    dataDir = own;
  });

  test('keep a database that speaks UTF-8, listens here only, and lets nobody in without the password', async () => {
    const servers = await start();
    const [row] = await query(servers, "SELECT lower('ÄÉ') AS lower, current_setting('listen_addresses') AS on");
    expect(row).toEqual({ lower: 'äé', on: '127.0.0.1' });
    const stranger = new pg.Client({ connectionString: (servers.databaseUrl ?? '').replace(/:[^:@]+@/, ':guess@') });
    await expect(stranger.connect()).rejects.toThrow(/password authentication failed/);
    expect((await stat(join(dataDir, 'postgres.json'))).mode & 0o077).toBe(0);
    await servers.stop();
  });

  test('also start for root in a folder that is closed to everybody else', async () => {
    await chmod(folder, 0o700);
    const servers = await start();
    expect(await query(servers, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await servers.stop();
  });

  describe('never lose or mistake their data', () => {
    const keep = async (servers: EmbeddedServers): Promise<void> => {
      await query(servers, 'CREATE TABLE kept AS SELECT 1 AS one');
    };
    const kept = (servers: EmbeddedServers) => query(servers, 'SELECT one FROM kept');
    const place = (): string => join(dataDir, 'postgres');

    test('when the files beside them are gone', async () => {
      const first = await start();
      await keep(first);
      await first.stop();
      for (const name of ['postgres.json', 'installation.json']) await rm(join(dataDir, name));
      const second = await start();
      expect(await kept(second)).toEqual([{ one: 1 }]);
      expect(second.databaseUrl).not.toBe(first.databaseUrl);
      expect(lines.join('\n')).toMatch(/postgres\.json was missing; the database in .* has a new password/);
      // Also while a server runs whose password nobody knows.
      await rm(join(dataDir, 'postgres.json'));
      const third = await start();
      expect(await kept(third)).toEqual([{ one: 1 }]);
      await Promise.all([second.stop(), third.stop()]);
    });

    test('when the folder was moved, also while the servers ran', async () => {
      const first = await start();
      await keep(first);
      await first.stop();
      const old = dataDir;
      dataDir = join(folder, 'moved');
      await rename(old, dataDir);
      const second = await start();
      expect(await kept(second)).toEqual([{ one: 1 }]);
      expect(existsSync(old)).toBe(false);

      const server = processOf('PostgreSQL');
      const before = dataDir;
      dataDir = join(folder, 'moved again');
      await rename(before, dataDir);
      const third = await start();
      expect(await kept(third)).toEqual([{ one: 1 }]);
      // One server, never two on the same files.
      expect(processOf('PostgreSQL')).toBe(server);
      await third.stop();
      await rm(before, { recursive: true, force: true });
      await second.stop().catch(() => undefined);
    });

    test('when the database is gone, half there, or another one', async () => {
      const first = await start();
      await keep(first);
      await first.stop();
      const [copy, other] = [join(folder, 'copy'), join(folder, 'other')];
      await rename(place(), copy);
      await expect(start()).rejects.toThrow(/database in .*postgres is gone. Restore it from a copy/);
      expect(existsSync(place())).toBe(false);

      await mkdir(join(place(), 'data', 'base'), { recursive: true });
      await expect(start()).rejects.toThrow(/holds no complete database .* but data\. Nothing was changed/);
      expect(await readdir(join(place(), 'data'))).toEqual(['base']);
      await rm(place(), { recursive: true });

      const own = dataDir;
      dataDir = other;
      await (await start()).stop();
      await rename(join(other, 'postgres'), join(own, 'postgres'));
      dataDir = own;
      await expect(start()).rejects.toThrow(/is another database \(system \d+, not \d+\)/);

      await rm(place(), { recursive: true });
      await rename(copy, place());
      const again = await start();
      expect(await kept(again)).toEqual([{ one: 1 }]);
      await again.stop();
    });

    test('when the broker’s messages are gone, or the database beside them', async () => {
      const first = await start({ kafka: true });
      await keep(first);
      const kafka = connectKafka({ ...readConfig(), KAFKA_BROKERS: [first.kafkaBrokers ?? ''] });
      await ensureTopics(kafka, ['tickets'], 1);
      await first.stop();
      const copy = join(folder, 'copy');
      await rename(join(dataDir, 'kafka'), copy);
      await expect(start({ kafka: true })).rejects.toThrow(/embedded Kafka's data, .* are gone/);
      expect(existsSync(join(dataDir, 'kafka'))).toBe(false);
      await rename(copy, join(dataDir, 'kafka'));

      // Offsets must not go on into an empty database, also where nothing says that there was one.
      await rename(place(), copy);
      await rm(join(dataDir, 'installation.json'));
      await rm(join(dataDir, 'postgres.json'));
      await expect(start({ kafka: true })).rejects.toThrow(/messages but no database/);
      await rename(copy, place());
      const again = await start({ kafka: true });
      expect(await kept(again)).toEqual([{ one: 1 }]);
      await again.stop();
    });
  });

  test('say in words that their folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    dataDir = join(folder, 'file');
    await expect(start()).rejects.toThrow(/can't be created: there is a file of that name/);
    dataDir = join(folder, 'data');
    await mkdir(dataDir);
  });
});
