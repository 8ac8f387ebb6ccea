/**
 * npm run bench -- swaps [--swaps 20] [--rate 100] [--rank-share 0.5]
 *
 * How a change of the champion affects requests: failures, and time until every replica has switched.
 *
 * The champion changes `--swaps` times, between a trained model and its copy, while two replicas serve `--rate` requests per second: a share
 * of them rankings, the others suggestions for an agent page. Prints one JSON line.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDataSource } from '../../src/database/data-source.js';
import { quantile } from '../../src/commands/start/figures.js';
import { registerModel } from '../../src/suggest/versions/model-registry.js';
import { median, medianInterval } from '../support/intervals.js';
import { startServers } from '../support/servers.js';
import { benchDir, cli, freePort, prepareSample, log, ServiceProcess, waitFor } from '../support/service.js';

const { values: options } = parseArgs({
  options: {
    swaps: { type: 'string', default: '20' },
    rate: { type: 'string', default: '100' },
    'rank-share': { type: 'string', default: '0.5' },
  },
});
const [swaps, rate, rankShare] = [Number(options.swaps), Number(options.rate), Number(options['rank-share'])];
const run = `swaps-${Date.now()}`;
const targetMs = 2_000;
const timeoutMs = 120_000;
const restMs = 1_000;

prepareSample();
const servers = await startServers(benchDir);
const printed = execFileSync(process.execPath, [cli, 'tokens', 'add', run, '--role', 'ml', '--json'], {
  env: { ...process.env, ...servers.environment },
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const headers = { authorization: `Bearer ${(JSON.parse(printed) as { token: string }).token}` };
const dataSource = createDataSource(servers.environment.DATABASE_URL, 2, () => undefined);
await dataSource.initialize();
const versions = [await champion(), await copyOfChampion()] as const;
const [ticket] = await dataSource.query<{ path: string }[]>(
  `SELECT '/api/v1/tickets/' || source || '/' || ticket_id || '/suggestion' AS path FROM tickets t
    WHERE EXISTS (SELECT 1 FROM suggestions s WHERE s.ticket = t.id) LIMIT 1`,
);
const replicas: ServiceProcess[] = [];
for (let at = 0; at < 2; at += 1) {
  const topics = { TOPIC_TICKETS: `${run}.tickets`, TOPIC_SUGGESTIONS: `${run}.suggestions`, KAFKA_GROUP: run };
  const replica = new ServiceProcess(await freePort(), { ...servers.environment, ...topics, LOG_LEVEL: 'warn' });
  await replica.start();
  replicas.push(replica);
}

/** A response with the version that gave it; times in ms of `performance.now()` */
interface RankResponse {
  replica: number;
  version: string;
  askedAt: number;
  answeredAt: number;
}

const ranked: RankResponse[] = [];
const failed: string[] = [];
const times: number[] = [];
let asked = 0;
const figures = await measure().finally(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await dataSource.destroy();
  await servers.stop();
});
process.stdout.write(`${JSON.stringify({ bench: 'swaps', swaps, rate, rankShare, ...figures })}\n`);

async function champion(): Promise<string> {
  const [row]: { version: string }[] = await dataSource.query(
    `SELECT version FROM model_aliases WHERE alias = 'champion'`,
  );
  if (!row) throw new Error('the sample has a champion');
  return row.version;
}

/** Cached for the next run */
async function copyOfChampion(): Promise<string> {
  const [models, of] = [join(benchDir, 'models'), await champion()];
  const [one, other] = of.endsWith('-copy') ? [of, of.slice(0, -'-copy'.length)] : [of, `${of}-copy`];
  const folder = join(models, other);
  if (!existsSync(folder)) {
    cpSync(join(models, one), folder, { recursive: true });
    const file = join(folder, 'model.json');
    const description = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...description, version: other }));
  }
  return registerModel(dataSource.manager, folder);
}

async function measure() {
  const state = { isOver: false };
  const started = performance.now();
  const asking = (async (): Promise<void> => {
    const all: Promise<void>[] = [];
    for (let tick = 0; !state.isOver; tick += 1) {
      const due = started + (tick * 1000) / rate;
      if (due > performance.now()) await sleep(due - performance.now());
      all.push(sendRequest(tick));
    }
    await Promise.all(all);
  })();
  const [firstNew, lastOld]: [number[], number[]] = [[], []];
  try {
    await waitFor('both replicas to rank', timeoutMs, () => Promise.resolve(replicas.every((_, at) => ranked.some(({ replica }) => replica === at)))); // prettier-ignore
    for (let swap = 0; swap < swaps; swap += 1) {
      const [next, before] = swap % 2 === 0 ? [versions[1], versions[0]] : versions;
      const from = performance.now();
      const promoted = await fetch(`${replicas[0]?.url ?? ''}/api/v1/models/${next}/promote`, {
        method: 'POST',
        headers,
      });
      if (promoted.status !== 200) throw new Error(`promotion: ${promoted.status} ${await promoted.text()}`);
      const since = (replica: number, version: string): RankResponse[] =>
        ranked.filter((one) => one.replica === replica && one.version === version && one.askedAt >= from);
      await waitFor(`both replicas to answer with ${next}`, timeoutMs, () =>
        Promise.resolve(replicas.every((_, at) => since(at, next).length > 2)),
      );
      await sleep(restMs);
      firstNew.push(Math.max(...replicas.map((_, at) => Math.min(...since(at, next).map((one) => one.answeredAt)) - from))); // prettier-ignore
      lastOld.push(Math.max(0, ...replicas.flatMap((_, at) => since(at, before).map((one) => one.askedAt - from))));
      log(`bench: swap ${swap + 1}: both on the new version after ${Math.round(firstNew.at(-1) ?? 0)} ms`);
    }
  } finally {
    state.isOver = true;
    await asking;
  }
  const seconds = (performance.now() - started) / 1000;
  const [low = 0, high = 0] = medianInterval(firstNew);
  return {
    requests: asked,
    perSecond: Math.round((10 * asked) / seconds) / 10,
    failed: failed.length,
    failures: failed.slice(0, 3),
    // Upper bound of the failure rate, by the rule of three.
    failedAtMost: Math.round((1e5 * (failed.length === 0 ? 3 : failed.length + 2 * Math.sqrt(failed.length))) / asked) / 1e5,
    answerMs: { p50: Math.round(quantile(times, 0.5)), p99: Math.round(quantile(times, 0.99)) },
    bothOnNewMs: { median: Math.round(median(firstNew)), interval: [Math.round(low), Math.round(high)], max: Math.round(Math.max(...firstNew)) },
    oldRequestedUntilMs: { median: Math.round(median(lastOld)), max: Math.round(Math.max(...lastOld)) },
    within2s: firstNew.filter((ms) => ms <= targetMs).length,
    target: `no failed request; ${swaps} of ${swaps} within ${targetMs} ms`,
  }; // prettier-ignore
}

async function sendRequest(tick: number): Promise<void> {
  const replica = tick % replicas.length;
  const { url = '' } = replicas[replica] ?? {};
  const isRanking = (Math.floor(tick / replicas.length) * 7) % 10 < 10 * rankShare;
  const askedAt = performance.now();
  asked += 1;
  try {
    const response = isRanking
      ? await fetch(`${url}/api/v1/rank`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ text: `My card has not come yet, I have been waiting for ${tick} days` }),
        })
      : await fetch(`${url}${ticket?.path ?? ''}`, { headers });
    const body = await response.text();
    const answeredAt = performance.now();
    times.push(answeredAt - askedAt);
    if (response.status !== 200) failed.push(`${response.status} ${body.slice(0, 200)}`);
    else if (isRanking) {
      const { modelVersion: version } = JSON.parse(body) as { modelVersion: string };
      ranked.push({ replica, version, askedAt, answeredAt });
    }
  } catch (error) {
    failed.push(String(error));
  }
}
