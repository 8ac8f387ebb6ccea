/** Ingest alone, on a real broker and database: messages go in, rows come out, and nothing ranks them. */
import { Registry } from 'prom-client';
import type { Kafka, Message } from 'kafkajs';
import type { ServiceConfig } from '../../src/config/config.js';
import { fetchEndOffsets } from '../../src/ingest/kafka.js';
import { ChoiceConsumer } from '../../src/ingest/choice.consumer.js';
import { IngestMetrics } from '../../src/ingest/ingest-metrics.js';
import { OutboxRelay } from '../../src/ingest/outbox-relay.service.js';
import { TicketConsumer } from '../../src/ingest/ticket.consumer.js';
import { ModelProcess } from '../../src/models/serving/model-process.js';
import { ChoicesService } from '../../src/suggest/choices/choices.service.js';
import { EventsService } from '../../src/events/events.service.js';
import { ChampionService } from '../../src/suggest/versions/champion.service.js';
import { RankingLoop } from '../../src/suggest/ranking/ranking-loop.service.js';
import { freshDatabase, type TestDatabase } from './database.js';
import { produce, testConfig, testKafka } from './kafka.js';
import { waitFor } from './waiting.js';

export interface IngestStage {
  config: ServiceConfig;
  database: TestDatabase;
  kafka: Kafka;
  registry: Registry;
  tickets: TicketConsumer;
  choices: ChoiceConsumer;
  relay: OutboxRelay;
  send: (messages: Message[]) => Promise<void>;
  query: <T>(sql: string, parameters?: unknown[]) => Promise<T[]>;
  /** Waits until the consumer group has committed everything that stands on the tickets topic. */
  allRead: () => Promise<unknown>;
  stop: () => Promise<void>;
}

/** @param start whether the consumers and the relay run from the beginning */
export async function ingestStage(environment: Record<string, string> = {}, start = true): Promise<IngestStage> {
  const database = await freshDatabase();
  const config = testConfig(database.url, environment);
  const kafka = await testKafka(config);
  const registry = new Registry();
  const metrics = new IngestMetrics(registry);
  const { source } = database;
  // Not started: it is only told that there is something to rank.
  const settings = { encoderDir: '', tensorflow: 'cpu' } as never;
  const limits = { maxBatch: 1, maxWaitMs: 0, maxQueue: 1 };
  const model = new ModelProcess({ settings, workerFile: '', environment: {}, ...limits });
  const service = new ChampionService(source, config, model, new EventsService(config), registry);
  const ranking = new RankingLoop(source, service, config, registry);
  const tickets = new TicketConsumer(source, config, kafka, metrics, ranking);
  const choices = new ChoiceConsumer(source, config, kafka, metrics, new ChoicesService(source));
  const relay = new OutboxRelay(source, kafka, registry);
  if (start) await Promise.all([tickets.start(), choices.start(), relay.start()]);
  const stop = async (): Promise<void> => {
    await Promise.all([tickets.stop(), choices.stop()]);
    await relay.stop();
    await database.drop();
  };
  const allRead = (): Promise<unknown> =>
    waitFor(
      'all tickets to be read',
      () => unread(kafka, config),
      (count) => count === 0,
    );
  return {
    config,
    database,
    kafka,
    registry,
    tickets,
    choices,
    relay,
    send: (messages) => produce(kafka, config.TOPIC_TICKETS, messages),
    query: (sql, parameters) => source.query(sql, parameters),
    allRead,
    stop,
  };
}

/** Messages of the tickets topic that the consumer group has not committed. */
async function unread(kafka: Kafka, config: ServiceConfig): Promise<number> {
  const ends = await fetchEndOffsets(kafka, config.TOPIC_TICKETS);
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [group] = await admin.fetchOffsets({ groupId: config.KAFKA_GROUP, topics: [config.TOPIC_TICKETS] });
    const read = new Map(group?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
    return ends.reduce((sum, { partition, offset }) => sum + Number(offset) - (read.get(partition) ?? 0), 0);
  } finally {
    await admin.disconnect();
  }
}
