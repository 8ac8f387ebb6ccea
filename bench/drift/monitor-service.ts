/**
 * npm run bench -- monitor-service [--tickets 5000] [--seed 1]
 *
 * What the monitor costs in service: storing observations, counting windows, and the event loop meanwhile.
 *
 * Synthetic tickets of 60 topics on a real database. Prints one JSON line.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { readConfig, type ServiceConfig } from '../../src/config/config.js';
import { createDataSource, migrate } from '../../src/database/data-source.js';
import { ensurePostgres, erasePostgres } from '../../src/embedded/postgres.js';
import { CounterThread } from '../../src/monitoring/runner/counter-thread.js';
import { AlertDiagnosisService } from '../../src/monitoring/runner/alert-diagnosis.service.js';
import { MonitorTick } from '../../src/monitoring/runner/monitor-tick.service.js';
import { MonitorRunner } from '../../src/monitoring/runner/monitor-runner.service.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';
import { writeReference } from '../../src/monitoring/reference/reference-file.js';
import { buildReference } from '../../src/monitoring/reference/reference.js';
import { quantile } from '../../src/commands/start/figures.js';
import { postgresEntry } from '../../src/setup/postgres-binaries.js';
import { reachableStore } from '../../src/setup/server-user.js';
import { storeObservedTickets } from '../../src/suggest/requests/observed-tickets.js';
import { quantize } from '../../src/suggest/requests/ticket-embeddings.js';
import { log } from '../support/service.js';
import { TicketSource, world } from './synthetic-tickets.js';

const { values: options } = parseArgs({
  options: { tickets: { type: 'string', default: '5000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(options.tickets);
const seed = Number(options.seed);
const version = 'm-1';
const batch = 64;
const start = Date.now() - 30 * 86_400_000;

const dataDir = mkdtempSync(join(tmpdir(), 'replyrank-bench-monitor-'));
const programs = join(reachableStore(readConfig().STORE_DIR), postgresEntry().name);
const postgres = await ensurePostgres({ dataDir, programs, keepPort: false }, () => undefined);
try {
  process.stdout.write(`${JSON.stringify(await measure())}\n`);
} finally {
  await erasePostgres(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
}

async function measure(): Promise<object> {
  const dataSource = await createDataSource(postgres.url, 5, () => undefined).initialize();
  await migrate(dataSource);

  const tickets = new TicketSource(world(60, seed, 384), seed);
  const draw = (index: number): Observation => tickets.ticket({ index, occurredAt: new Date(start + index * 20_000) });
  log('bench: building a reference of 3,000 tickets');
  const reference = Array.from({ length: 3_000 }, (_, index) => {
    const observation = draw(index);
    return { observation, templateId: observation.ranking[0]?.templateId ?? null };
  });
  mkdirSync(join(dataDir, version));
  await writeReference(join(dataDir, version), buildReference(reference, { seed, draws: 499 }));
  await dataSource.query(`INSERT INTO model_versions (version, folder, metadata) VALUES ($1, $1, '{}')`, [version]);
  await dataSource.query(`INSERT INTO model_aliases (alias, version) VALUES ('champion', $1)`, [version]);

  log(`bench: storing ${count} tickets`);
  const storedMs: number[] = [];
  for (let at = 0; at < count; at += batch) {
    storedMs.push(
      await store(
        dataSource,
        Array.from({ length: Math.min(batch, count - at) }, (_, index) => draw(3_000 + at + index)),
      ),
    );
  }

  log('bench: counting');
  const config = { ...readConfig(), MODEL_DIR: dataDir } as ServiceConfig;
  const thread = new CounterThread();
  const look = new MonitorTick(config, thread, new AlertDiagnosisService(config, thread));
  const runner = new MonitorRunner(dataSource, config, thread, look, new Registry());
  // The first call only loads the reference.
  await runner.tick(new Date());
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpu = process.cpuUsage();
  const from = performance.now();
  let buckets = 0;
  while (await runner.tick(new Date())) buckets += 1;
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  loop.disable();
  await thread.stop();
  await dataSource.destroy();
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    bench: 'monitor-service',
    tickets: count,
    storeUsPerTicket: {
      p50: Math.round((1000 * quantile(storedMs, 0.5)) / batch),
      p95: Math.round((1000 * quantile(storedMs, 0.95)) / batch),
      batch,
    },
    counting: {
      windows: buckets,
      ticketsPerSecond: Math.round(count / seconds),
      cpuUsPerTicket: Math.round((user + system) / count),
      eventLoopP99Ms: round(loop.percentile(99) / 1e6),
      target: { eventLoopP99Ms: 20, ticketsPerSecond: 150 },
    },
  };
}

/** @returns ms spent on the observations within the transaction that stores suggestions */
async function store(source: DataSource, observations: Observation[]): Promise<number> {
  return source.transaction(async (manager) => {
    const rows = observations.map((observation) => {
      const { key, occurredAt, channel, language, fields, ranking } = observation;
      return { ticketId: key, occurredAt, channel, language, fields, ranking };
    });
    const added: { id: number }[] = await manager.query(
      `INSERT INTO tickets (source, ticket_id, channel, language, fields, content_at, state_at)
       SELECT 'bench', "ticketId", channel, language, fields, "occurredAt", "occurredAt"
         FROM jsonb_to_recordset($1::jsonb) AS r ("ticketId" text, channel text, language text, fields jsonb,
              "occurredAt" timestamptz) RETURNING id`,
      [JSON.stringify(rows)],
    );
    const ids = added.map(({ id }) => id);
    await manager.query(
      `INSERT INTO suggestions (id, ticket, revision, model_version, abstained, ranking, shown_probability)
       SELECT gen_random_uuid(), ticket, 1, $2, false, ranking, 1 FROM unnest($1::bigint[], $3::jsonb[]) AS r (ticket, ranking)`,
      [ids, version, observations.map(({ ranking }) => JSON.stringify(ranking))],
    );
    const embeddings = observations.map(({ embedding }) => quantize(embedding ?? new Float32Array(384)));
    await manager.query(
      `INSERT INTO ticket_embeddings (ticket, encoder_hash, embedding, scale)
       SELECT ticket, 'bench', embedding, scale FROM unnest($1::bigint[], $2::bytea[], $3::real[]) AS e (ticket, embedding, scale)`,
      [ids, embeddings.map(({ bytes }) => bytes), embeddings.map(({ scale }) => scale)],
    );
    const before = performance.now();
    await storeObservedTickets(
      manager,
      observations.map(({ ranking, contactType, ...facts }, index) => {
        const ranked = { items: [...ranking], setSize: 1, contactType: null, ...facts };
        return { ticket: ids[index] ?? 0, modelVersion: version, ranking: ranked };
      }),
    );
    return performance.now() - before;
  });
}
