/**
 * npm run bench -- ingest [--tickets 50000] [--seconds 60] [--seed 1] [--window-seconds 600] [--skip-training]
 *
 * Throughput, latency and memory of the whole path of a ticket, with a real broker, database and model.
 *
 * 1. throughput: `--tickets` distinct tickets at full speed, from Kafka to the published suggestion; memory of service and model process;
 *  2. latency: 20 tickets per second for `--seconds`, from produced to stored, with 100 requests per second of GET …/suggestion;
 *  3. the service's event loop while tickets arrive and a model is trained.
 * Prints one JSON line.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Producer } from 'kafkajs';
import { createDataSource } from '../../src/database/data-source.js';
import { quantile } from '../../src/commands/start/figures.js';
import type { ResponseTimes, RequestLoad } from './request-load.worker.js';
import { retryingProducer } from '../support/kafka.js';
import { startServers } from '../support/servers.js';
import {
  benchDir,
  cli,
  freePort,
  prepareSample,
  residentMb,
  log,
  ServiceProcess,
  waitFor,
} from '../support/service.js';
import { distinctTexts } from '../support/distinct-texts.js';

const { values: options } = parseArgs({
  options: {
    tickets: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    /** MONITOR_WINDOW_S: with a short window the monitor works from the start */
    'window-seconds': { type: 'string', default: '600' },
    /** Skips the third part. */
    'skip-training': { type: 'boolean', default: false },
  },
});
const tickets = Number(options.tickets);
const seconds = Number(options.seconds);
const run = `bench-${Date.now()}`;
/** Code of a route is slow until it has run: measure the service a few seconds later. */
const warmUpSeconds = 10;

prepareSample();
const servers = await startServers(benchDir);
const token = createToken(run);
const dataSource = createDataSource(servers.environment.DATABASE_URL, 2, () => undefined);
await dataSource.initialize();
const service = new ServiceProcess(await freePort(), {
  ...servers.environment,
  TOPIC_TICKETS: `${run}.tickets`,
  TOPIC_SUGGESTIONS: `${run}.suggestions`,
  KAFKA_GROUP: run,
  LOG_LEVEL: 'warn',
  MONITOR_WINDOW_S: options['window-seconds'],
  MONITOR_LATENESS_S: '1',
});
await service.start();
const producer = await retryingProducer(servers.brokers);
const texts = distinctTexts(tickets + 40 * seconds + 10_000, Number(options.seed));
let next = 0;

const figures = await measure().finally(async () => {
  await producer.disconnect();
  await service.stop();
  await dataSource.destroy();
  await servers.stop();
});
process.stdout.write(`${JSON.stringify({ bench: 'ingest', ...figures })}\n`);

async function measure() {
  const throughput = await measureThroughput(producer);
  const latency = await measureLatency(producer);
  const eventLoop = options['skip-training'] ? undefined : await measureEventLoop(producer);
  return { throughput, latency, eventLoop };
}

function createToken(name: string): string {
  const printed = execFileSync(process.execPath, [cli, 'tokens', 'add', name, '--role', 'agent', '--json'], {
    env: { ...process.env, ...servers.environment },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (JSON.parse(printed) as { token: string }).token;
}

/** Sends `count` tickets; resolves once the broker has them. */
async function send(to: Producer, source: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, () => {
    const ticketId = String(next);
    const body = texts[next++ % texts.length];
    const occurredAt = new Date().toISOString();
    const value = JSON.stringify({ source, ticketId, occurredAt, event: 'created', subject: '', body });
    return { key: `${source}:${ticketId}`, value };
  });
  await to.send({ topic: `${run}.tickets`, messages });
}

async function countRanked(source: string): Promise<number> {
  const [row]: { n: number }[] = await dataSource.query(
    `SELECT count(*)::int AS n FROM tickets t JOIN suggestions s ON s.ticket = t.id WHERE t.source = $1`,
    [source],
  );
  return row?.n ?? 0;
}

async function measureThroughput(to: Producer) {
  const source = `${run}-fast`;
  const model = service.childrenRunning('model.worker')[0] ?? 0;
  const memory: { ranked: number; serviceMb: number; modelMb: number }[] = [];
  const started = Date.now();
  const sending = (async () => {
    for (let sent = 0; sent < tickets; sent += 200) {
      await send(to, source, Math.min(200, tickets - sent));
      // A few seconds ahead of the service: it never waits, and sending costs little.
      while (sent - (memory.at(-1)?.ranked ?? 0) > 4000) await sleep(100);
    }
  })();
  await waitFor(`${tickets} tickets`, (tickets / 50) * 1000, async () => {
    await sleep(800);
    const ranked = await countRanked(source);
    memory.push({ ranked, serviceMb: residentMb(service.pid), modelMb: residentMb(model) });
    if (memory.length % 10 === 0) {
      log(`bench: ${ranked} ranked, ${Math.round((ranked / (Date.now() - started)) * 1000)} per second`);
    }
    return ranked >= tickets;
  });
  await sending;
  await waitFor('the outbox to be empty', 60_000, async () => {
    const [row]: { n: number }[] = await dataSource.query('SELECT count(*)::int AS n FROM outbox');
    return row?.n === 0;
  });
  const elapsed = (Date.now() - started) / 1000;
  const at = (share: number) => memory[Math.min(memory.length - 1, Math.floor(memory.length * share))];
  return {
    tickets,
    ticketsPerSecond: Math.round((tickets / elapsed) * 10) / 10,
    memoryMb: { afterOneFifth: at(0.2), afterHalf: at(0.5), atEnd: at(1) },
  };
}

async function measureLatency(to: Producer) {
  const source = `${run}-paced`;
  const sentAt = new Map<string, number>();
  const paths = Array.from({ length: Math.min(tickets, 1000) }, () => Math.floor(Math.random() * tickets));
  const asking: RequestLoad = {
    urls: paths.map((ticket) => `${service.url}/api/v1/tickets/${run}-fast/${ticket}/suggestion`),
    token,
    perSecond: 100,
    warmUpSeconds,
    seconds,
  };
  const answered = once(
    new Worker(new URL('request-load.worker.js', import.meta.url), { workerData: asking }),
    'message',
  );
  const started = Date.now();
  let paced = 0;
  for (; paced < (warmUpSeconds + seconds) * 20; paced += 1) {
    const due = started + paced * 50;
    if (due > Date.now()) await sleep(due - Date.now());
    if (paced >= warmUpSeconds * 20) sentAt.set(String(next), Date.now());
    void send(to, source, 1);
  }
  const [{ ms, failures }] = (await answered) as [ResponseTimes];
  await waitFor('the paced tickets', 30_000, async () => (await countRanked(source)) >= paced);
  const rows: { ticketId: string; at: number }[] = await dataSource.query(
    `SELECT t.ticket_id AS "ticketId", extract(epoch FROM s.created_at)::float8 * 1000 AS at
       FROM tickets t JOIN suggestions s ON s.ticket = t.id AND s.revision = 1 WHERE t.source = $1`,
    [source],
  );
  const stored = rows
    .flatMap(({ ticketId, at }) => at - (sentAt.get(ticketId) ?? NaN))
    .filter((ms) => !Number.isNaN(ms));
  return { ticketsPerSecond: 20, storedMs: summary(stored), getPerSecond: 100, getMs: summary(ms), failures };
}

async function measureEventLoop(to: Producer) {
  const out = mkdtempSync(join(tmpdir(), 'replyrank-bench-train-'));
  const data = resolve(import.meta.dirname, '../../../samples/banking77/train.tsv');
  const args = ['train', '--data', data, '--label-column', 'category', '--out', join(out, 'model')];
  const training = spawn('nice', ['-n', '10', process.execPath, cli, ...args], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await (await fetch(`${service.url}/metrics`)).text();
  const p99: number[] = [];
  const started = Date.now();
  while (training.exitCode === null) {
    for (let tick = 0; tick < 10; tick += 1) {
      await send(to, `${run}-training`, 1);
      await sleep(50);
    }
    if ((Date.now() - started) % 5000 < 600) p99.push(await eventLoopP99());
  }
  return { trainingSeconds: Math.round((Date.now() - started) / 1000), p99Ms: Math.round(Math.max(...p99) * 10) / 10 };
}

/** The service's own metric since the last scrape. */
async function eventLoopP99(): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const value = /^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1];
  return Number(value) * 1000;
}

function summary(values: number[]) {
  const at = (q: number): number => Math.round(quantile(values, q) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
