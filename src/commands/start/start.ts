import { once as onceEvent } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { KAFKA, openProducer, type Kafka } from '../../ingest/kafka.js';
import { launch, untilSignal, type Launched } from '../../launch.js';
import type { RunFigures } from './figures.js';
import { loadSample } from './load-sample.js';
import { runOnce } from './run-once.js';
import { liveSource } from './sample.js';
import { notSentYet, sendTickets, shuffledTickets } from './send-sample.js';
import { ChampionService } from '../../suggest/versions/champion.service.js';
import { loadServingVersion } from '../../suggest/requests/serving-version.js';
import { wholeNumber } from '../options/numbers.js';
import { UserError } from '../options/user-error.js';

interface StartOptions {
  once?: boolean;
  tickets?: number;
  seed: number;
  rate: number;
  json?: boolean;
}

/** A broker that hangs must not hold up the stop. */
const clearUpMs = 1_500;

const report = (line: string): void => void process.stderr.write(`${line}\n`);

export function registerStart(program: Command): void {
  program
    .command('start')
    .description('run the service with the sample: real tickets arrive over Kafka and can be answered in the browser')
    .option('--once', 'send a number of tickets, print the figures and stop')
    .option('--tickets <n>', 'number of test tickets, at most 3,080 (with --once)', wholeNumber('--tickets'))
    .option('--seed <n>', 'random seed for the order of the tickets', wholeNumber('--seed'), 1)
    .option('--rate <n>', 'tickets per second (without --once)', rate, 1)
    .option('--json', 'print the figures as JSON (with --once)')
    .action(async (options: StartOptions) => {
      const stopping = new AbortController();
      void untilSignal().then(() => stopping.abort());
      const onFatal = (): void => {
        process.exitCode = 1;
        stopping.abort();
      };
      try {
        const service = await launch({ report, onFatal, signal: stopping.signal, quiet: true });
        try {
          await Promise.race([run(service, options, stopping.signal), someTimeAfter(stopping.signal)]);
        } finally {
          report('Stopping …');
          await service.stop();
        }
      } catch (error) {
        // What Ctrl-C has cut off is no failure, the next start goes on; but a run with figures has none then.
        if (!stopping.signal.aborted) throw error;
        if (options.once) process.exitCode = 1;
      }
      report('Stopped.');
    });
}

/** Waits until what was cut off has had time to clear up. @throws the signal's reason then, and at no other time */
async function someTimeAfter(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await onceEvent(signal, 'abort');
  await sleep(clearUpMs);
  signal.throwIfAborted();
}

/** @throws the signal's reason where it is aborted before the job is done */
async function run(service: Launched, options: StartOptions, signal: AbortSignal): Promise<void> {
  await loadSample(service.dataSource, service.config, report, signal);
  await untilChampionServes(service, signal);
  if (options.once) await once(service, options, signal);
  else await untilStopped(service, options, signal);
}

/** A version that has just been promoted is taken up at the service's next look: no sample ticket comes before that. */
async function untilChampionServes({ app, dataSource }: Launched, signal: AbortSignal): Promise<void> {
  const { version } = await loadServingVersion(dataSource.manager);
  const model = app.get(ChampionService);
  while (model.status().version !== version) await sleep(100, undefined, { signal });
}

async function once({ app, dataSource, config }: Launched, options: StartOptions, signal: AbortSignal): Promise<void> {
  const tickets = options.tickets ?? Infinity;
  const figures = await runOnce(dataSource, app.get<Kafka>(KAFKA), config, { ...options, tickets, signal });
  signal.throwIfAborted();
  process.stdout.write(options.json ? `${JSON.stringify(figures)}\n` : asText(figures));
  if (figures.lost > 0 || figures.duplicates > 0) process.exitCode = 1;
}

async function untilStopped(service: Launched, options: StartOptions, signal: AbortSignal): Promise<void> {
  const { app, dataSource, config, url, signInLink } = service;
  report(
    `\nReplyrank is ready.\n  ${signInLink ?? url}\n  ${signInLink ? 'One-time sign-in link, valid for 15 minutes.' : 'Create a token with "npx replyrank tokens add".'}\n`,
  );
  const all = await shuffledTickets(options.seed);
  const rest = await notSentYet(dataSource, liveSource, all);
  report(
    `Sample tickets arrive over Kafka, ${options.rate} per second (${all.length - rest.length} of ${all.length} so far). Ctrl-C stops.`,
  );
  const producer = await openProducer(app.get<Kafka>(KAFKA));
  try {
    const to = { topic: config.TOPIC_TICKETS, source: liveSource, perSecond: options.rate };
    await sendTickets(producer, to, rest, signal, () => undefined);
  } finally {
    await producer.disconnect();
  }
  if (signal.aborted) return;
  report('All sample tickets have arrived.');
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

function asText(figures: RunFigures): string {
  const { sent, stored, suggestions, lost, duplicates, top1, hits3, latencyMs, ticketsPerSecond } = figures;
  return (
    `${sent} tickets sent, ${stored} stored, ${suggestions} ranked; ${lost} lost, ${duplicates} duplicates\n` +
    `Top-1 accuracy ${top1} %, top-3 accuracy ${hits3} %\n` +
    `${ticketsPerSecond} tickets per second; time to suggestion ${latencyMs.p50} ms (p50), ${latencyMs.p95} ms (p95), ${latencyMs.p99} ms (p99)\n`
  );
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1000)) throw new UserError(`--rate: must be between 0 and 1000, not "${text}"`);
  return value;
}
