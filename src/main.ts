/** Starts and stops the service in order. The caller handles signals. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { pino, type Logger as Pino } from 'pino';
import type { DataSource } from 'typeorm';
import { AppModule } from './app.module.js';
import type { ServiceConfig } from './config/config.js';
import { connect, createDataSource, migrate } from './database/data-source.js';
import { configureHttp } from './http-server.js';
import { BackgroundLoop } from './processes/background-loop.js';
import { ChoiceConsumer } from './ingest/choice.consumer.js';
import { ensureTopics, KAFKA, serviceTopics, type Kafka } from './ingest/kafka.js';
import { OutboxRelay } from './ingest/outbox-relay.service.js';
import { TicketConsumer } from './ingest/ticket.consumer.js';
import { MonitorRunner } from './monitoring/runner/monitor-runner.service.js';
import { WebhookSender } from './monitoring/alerts/webhook-sender.service.js';
import { PinoLogger } from './pino-logger.js';
import { FirstModel } from './retrain/runs/first-model.service.js';
import { RolloutWatch } from './retrain/rollout/rollout-watch.service.js';
import { TrainingRunner } from './retrain/runs/training-runner.service.js';
import { EventsService } from './events/events.service.js';
import { EmbeddingBackfill } from './suggest/tickets/embedding-backfill.service.js';
import { ChampionService } from './suggest/versions/champion.service.js';
import { RankingLoop } from './suggest/ranking/ranking-loop.service.js';
import { RetentionService } from './suggest/retention/retention.service.js';

export interface RunningService {
  app: NestExpressApplication;
  dataSource: DataSource;
  /** http://host:port */
  url: string;
  /** Stops the parts in reverse order, within 10 s. */
  stop(): Promise<void>;
}

/** A part that runs in the background */
interface Part {
  name: string;
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}

/** Timeouts of the stop, per part and in total; the next start continues unfinished work. */
const partStopTimeoutMs = 2_500;
const stopTimeoutMs = 5_000;
/** Minimum for each part, even if the total is used up */
const minPartStopMs = 150;
const superviseIntervalMs = 1_000;

/**
 * @param onFatal called if the service can't continue and its supervisor should restart it
 * @param signal cancels the start
 * @param options.trainFirstModel starts a training as soon as there are enough labels and no champion
 * @throws Error if a part can't start, the signal's reason once it is aborted; what has started is stopped again
 */
export async function startService(
  config: ServiceConfig,
  onFatal: (reason: string) => void,
  signal?: AbortSignal,
  { trainFirstModel = false }: { trainFirstModel?: boolean } = {},
): Promise<RunningService> {
  const log = pino({ level: config.LOG_LEVEL }, pino.destination({ dest: 2, sync: false }));
  const dataSource = createDataSource(config.DATABASE_URL, config.DATABASE_POOL, (error) => {
    log.warn({ context: 'Database' }, error.message);
  });
  await connect(dataSource, config.DATABASE_URL);
  const started: Part[] = [{ name: 'database', start: () => undefined, stop: () => dataSource.destroy() }];
  const stop = async (): Promise<void> => {
    const deadline = Date.now() + stopTimeoutMs;
    for (const part of started.splice(0).reverse()) await stopPart(part, deadline, log);
  };
  try {
    await orAbort(migrate(dataSource), signal);
    const app = await createApp(config, dataSource, log);
    let url = '';
    const listening: Part = {
      name: 'HTTP',
      start: async () => {
        await listen(app, config);
        url = (await app.getUrl()).replace('[::1]', 'localhost');
      },
      stop: () => app.close(),
    };
    for (const part of [...listParts(app, config, trainFirstModel), listening]) {
      started.push(part);
      await orAbort(part.start(), signal);
    }
    started.push(superviseConsumers(app, config.CONSUMER_GRACE_S, onFatal));
    return { app, dataSource, url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The application with its routes, without background work */
export async function createApp(
  config: ServiceConfig,
  dataSource: DataSource,
  log: Pino,
): Promise<NestExpressApplication> {
  const options: NestApplicationOptions = {
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: true,
    logger: new PinoLogger(log),
  };
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forService(config, dataSource), options);
  configureHttp(app, config, log);
  return app.init();
}

/** The parts that run in the background, in the order of their start */
function listParts(app: NestExpressApplication, config: ServiceConfig, trainFirstModel: boolean): Part[] {
  const part = (name: string, runner: Omit<Part, 'name'>): Part => ({
    name,
    start: () => runner.start(),
    stop: () => runner.stop(),
  });
  const ranking = app.get(RankingLoop);
  const relay = app.get(OutboxRelay);
  ranking.onStored = () => relay.notify();
  return [
    part('metrics', {
      start: () => collectDefaultMetrics({ register: app.get(Registry) }),
      stop: () => app.get(Registry).clear(),
    }),
    part('topics', {
      start: () => ensureTopics(app.get<Kafka>(KAFKA), serviceTopics(config), config.TOPIC_PARTITIONS),
      stop: () => undefined,
    }),
    part('events', app.get(EventsService)),
    part('model', app.get(ChampionService)),
    part('ranking', ranking),
    part('relay', relay),
    part('history', app.get(EmbeddingBackfill)),
    part('retention', app.get(RetentionService)),
    part('monitor', app.get(MonitorRunner)),
    part('webhook', app.get(WebhookSender)),
    part('rollouts', app.get(RolloutWatch)),
    part('training runs', app.get(TrainingRunner)),
    ...(trainFirstModel ? [part('first model', app.get(FirstModel))] : []),
    part('choices', app.get(ChoiceConsumer)),
    part('tickets', app.get(TicketConsumer)),
  ];
}

async function listen(app: NestExpressApplication, { PORT, HOST }: ServiceConfig): Promise<void> {
  try {
    await app.listen(PORT, HOST);
  } catch (error) {
    const { code } = error as { code?: string };
    const reasons: Record<string, string> = {
      EADDRINUSE: `port ${PORT} is in use: stop the other program, or set PORT`,
      EACCES: `this user may not listen on port ${PORT}: set PORT to a port above 1023`,
      EADDRNOTAVAIL: `this machine does not have the address ${HOST}: set HOST`,
    };
    throw new ListenError(reasons[code ?? ''] ?? `can't listen on ${HOST}:${PORT}: ${String(error)}`, { cause: error });
  }
}

/** The HTTP service can't listen; the message says what to change. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Awaits the work. @throws the signal's reason as soon as it is aborted; the work goes on unobserved */
async function orAbort<T>(work: Promise<T> | T, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  const settled = new AbortController();
  const aborted = once(signal, 'abort', { signal: settled.signal });
  try {
    await Promise.race([work, aborted]);
    signal.throwIfAborted();
    return await work;
  } finally {
    settled.abort();
  }
}

async function stopPart(part: Part, deadline: number, log: Pino): Promise<void> {
  const timeoutMs = Math.max(minPartStopMs, Math.min(partStopTimeoutMs, deadline - Date.now()));
  const timeout = sleep(timeoutMs, 'late' as const, { ref: false });
  const stopped = (async () => part.stop())().catch((error: unknown) => {
    log.warn({ context: 'Stop' }, `${part.name}: ${String(error)}`);
  });
  if ((await Promise.race([stopped, timeout])) === 'late')
    log.warn({ context: 'Stop' }, `${part.name} did not stop in time`);
}

/** Restarts the service if a consumer has stopped for good: no ticket would be read any more, although HTTP works. */
function superviseConsumers(
  app: NestExpressApplication,
  graceSeconds: number,
  onFatal: (reason: string) => void,
): Part {
  const consumers = [app.get(TicketConsumer), app.get(ChoiceConsumer)];
  const loop = new BackgroundLoop({
    run: () => {
      const ended = consumers.find(({ health }) => {
        const since = health.endedSince();
        return since !== null && Date.now() - since > graceSeconds * 1000;
      });
      if (ended) {
        void loop.stop();
        const reason = `the consumer of ${ended.topic} stopped ${graceSeconds} s ago and has not restarted`;
        new Logger('Consumers').fatal(reason);
        onFatal(reason);
      }
      return Promise.resolve();
    },
    onError: (error) => new Logger('Consumers').error(String(error)),
    intervalMs: superviseIntervalMs,
    startDelayMs: superviseIntervalMs,
  });
  loop.start();
  return { name: 'consumers', start: () => undefined, stop: () => loop.stop() };
}
