/**
 * npm run bench -- chaos [--kind service|model|broker|database-stop|broker-stop|all] [--tickets 5000] [--kills 10] [--rate 60]
 *   [--seed 1]
 *
 * Whether tickets are lost when service, model, broker or database is killed or stopped.
 *
 * Each kind sends tickets and meanwhile kills a process `--kills` times at random (SIGKILL: service, model, broker), or stops one for 20 s
 * (database) or 60 s (broker). Prints one JSON line; exits with 1 if a ticket was lost, duplicated or left unranked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { seeded } from '../../src/statistics/random.js';
import { retryingProducer, readTopic } from '../support/kafka.js';
import { benchDir, freePort, prepareSample, log, ServiceProcess, waitFor } from '../support/service.js';
import { startServers, type Servers } from '../support/servers.js';
import { distinctTexts } from '../support/distinct-texts.js';

const { values: options } = parseArgs({
  options: {
    kind: { type: 'string', default: 'all' },
    tickets: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '10' },
    rate: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const tickets = Number(options.tickets);
const kills = Number(options.kills);
const perSecond = Number(options.rate);
const random = seeded(Number(options.seed));

/** One kind of fault. `inject` returns once the killed or stopped part runs again. */
interface Fault {
  kind: string;
  times: number;
  inject: (service: ServiceProcess, servers: Servers) => Promise<void>;
}

const faults: Fault[] = [
  {
    kind: 'service',
    times: kills,
    inject: async (service) => {
      await service.stop('SIGKILL');
      await service.start();
    },
  },
  {
    kind: 'model',
    times: kills,
    inject: async (service) => {
      for (const pid of service.childrenRunning('model.worker')) process.kill(pid, 'SIGKILL');
      await sleep(1000);
    },
  },
  {
    kind: 'broker',
    times: kills,
    inject: async (_service, servers) => {
      servers.killKafka();
      await servers.startKafka();
    },
  },
  {
    kind: 'database-stop',
    times: 1,
    inject: async (_service, servers) => {
      await servers.stopPostgres();
      await sleep(20_000);
      await servers.startPostgres();
    },
  },
  {
    kind: 'broker-stop',
    times: 1,
    inject: async (_service, servers) => {
      await servers.stopKafka();
      await sleep(60_000);
      await servers.startKafka();
    },
  },
];

async function run(fault: Fault, servers: Servers, dataSource: DataSource) {
  const source = `chaos-${fault.kind}-${Date.now()}`;
  const suggestionTopic = `${source}.suggestions`;
  const service = new ServiceProcess(await freePort(), {
    ...servers.environment,
    TOPIC_TICKETS: `${source}.tickets`,
    TOPIC_SUGGESTIONS: suggestionTopic,
    KAFKA_GROUP: source,
  });
  await service.start();
  const producer = await retryingProducer(servers.brokers);
  const texts = distinctTexts(tickets, Number(options.seed));
  const sending = (async () => {
    const started = Date.now();
    for (let from = 0; from < tickets; from += 10) {
      const due = started + (from / perSecond) * 1000;
      if (due > Date.now()) await sleep(due - Date.now());
      const messages = texts.slice(from, from + 10).map((body, index) => ({
        key: `${source}:${from + index}`,
        value: JSON.stringify({
          source,
          ticketId: String(from + index),
          occurredAt: new Date().toISOString(),
          event: 'created',
          subject: '',
          body,
        }),
      }));
      await producer.send({ topic: `${source}.tickets`, messages });
    }
  })();
  const sendingMs = (tickets / perSecond) * 1000;
  const moments = Array.from({ length: fault.times }, () => random() * sendingMs * 0.95).toSorted((a, b) => a - b);
  const started = Date.now();
  for (const [index, moment] of moments.entries()) {
    await sleep(Math.max(0, started + moment - Date.now()));
    log(`bench: ${fault.kind} ${index + 1}/${moments.length} at ${((Date.now() - started) / 1000).toFixed(1)} s`);
    await fault.inject(service, servers);
  }
  await sending;
  await producer.disconnect();

  const count = async (sql: string): Promise<number> => {
    const [row] = await dataSource.query<{ n: number }[]>(sql, [source]).catch(() => []);
    return row?.n ?? -1;
  };
  const rankedSql = `SELECT count(DISTINCT t.id)::int AS n FROM tickets t JOIN suggestions s ON s.ticket = t.id WHERE t.source = $1`;
  await waitFor(`${tickets} tickets to be ranked`, 300_000, async () => (await count(rankedSql)) >= tickets);
  await waitFor(
    'the outbox to be empty',
    60_000,
    async () => (await count(`SELECT count(*)::int AS n FROM outbox WHERE $1 <> ''`)) === 0,
  );
  const stored = await count('SELECT count(*)::int AS n FROM tickets WHERE source = $1');
  const suggestions = await count(
    `SELECT count(*)::int AS n FROM suggestions s JOIN tickets t ON t.id = s.ticket WHERE t.source = $1`,
  );
  const ranked = await count(rankedSql);
  const waiting = await count(
    `SELECT count(*)::int AS n FROM rank_requests r JOIN tickets t ON t.id = r.ticket WHERE t.source = $1`,
  );
  // An interrupted earlier run may have left suggestions that are published now.
  const published = (await readTopic(servers.brokers, suggestionTopic))
    .map((value) => JSON.parse(value) as { source: string; ticketId: string; revision: number; suggestionId: string })
    .filter((message) => message.source === source);
  await service.stop();

  const idOf = new Map<string, string>();
  let secondIds = 0;
  for (const { ticketId, revision, suggestionId } of published) {
    const known = idOf.get(`${ticketId} ${revision}`);
    if (known !== undefined && known !== suggestionId) secondIds += 1;
    idOf.set(`${ticketId} ${revision}`, suggestionId);
  }
  return {
    times: fault.times,
    stored,
    ranked,
    suggestions,
    waiting,
    lost: tickets - ranked,
    repeatedRows: stored - tickets,
    unpublished: suggestions - idOf.size,
    repeatedMessages: published.length - idOf.size,
    secondIds,
    seconds: Math.round((Date.now() - started) / 1000),
  };
}

prepareSample();
const servers = await startServers(benchDir);
const dataSource = createDataSource(servers.environment.DATABASE_URL, 2, () => undefined);
await dataSource.initialize();
const kinds: Record<string, Awaited<ReturnType<typeof run>>> = {};
for (const fault of faults.filter(({ kind }) => options.kind === 'all' || options.kind === kind)) {
  kinds[fault.kind] = await run(fault, servers, dataSource);
  log(`bench: ${fault.kind} ${JSON.stringify(kinds[fault.kind])}`);
}
await dataSource.destroy();
await servers.stop();
const failures = ['lost', 'repeatedRows', 'secondIds', 'waiting', 'unpublished'] as const;
const total = Object.fromEntries(
  failures.map((name) => [name, Object.values(kinds).reduce((sum, figures) => sum + Math.abs(figures[name]), 0)]),
);
process.stdout.write(`${JSON.stringify({ bench: 'chaos', sent: tickets, kinds, total })}\n`);
process.exit(Object.values(total).every((count) => count === 0) ? 0 : 1);
