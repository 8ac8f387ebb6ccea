/** The only file that knows kafkajs. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  Kafka,
  logLevel,
  Partitioners,
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type LogEntry,
  type Producer,
  type SASLOptions,
} from 'kafkajs';
import type { ServiceConfig } from '../config/config.js';

export type { Consumer, EachBatchPayload, Kafka, KafkaMessage, Producer } from 'kafkajs';

/** Injection token of the connection to Kafka. */
export const KAFKA = Symbol('KAFKA');

/** Kafka can't be used as it is configured; the message says what to change. */
export class KafkaSetupError extends Error {
  override readonly name = 'KafkaSetupError';
}

/** Largest message that our own topics take: 10 MB and room for headers. */
const largestMessageBytes = 10 * 1024 * 1024;
const headerRoomBytes = 128 * 1024;
/** How long a broker may take until every part of it knows a topic that it has made. */
const newTopicTimeoutMs = 20_000;

type ConnectionConfig = Pick<
  ServiceConfig,
  | 'KAFKA_BROKERS'
  | 'KAFKA_SSL'
  | 'KAFKA_SSL_CA'
  | 'KAFKA_SSL_CERT'
  | 'KAFKA_SSL_KEY'
  | 'KAFKA_SASL_MECHANISM'
  | 'KAFKA_SASL_USERNAME'
  | 'KAFKA_SASL_PASSWORD'
>;

/** A connection to the brokers of the configuration; nothing is sent before it is used. */
export function connectKafka(config: ConnectionConfig): Kafka {
  const logger = new Logger('Kafka');
  const sasl = saslOf(config);
  return new Kafka({
    clientId: 'replyrank',
    brokers: config.KAFKA_BROKERS,
    ssl: sslOf(config),
    ...(sasl && { sasl }),
    connectionTimeout: 5_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry: LogEntry) => {
      // A rebalance or a broker that is being restarted is everyday; what stays is seen in lag and readiness. An answer that
      // is an error is thrown to whoever asked, too.
      const { message, error } = entry.log as { message: string; error?: string };
      const isEveryday = entry.level > logLevel.ERROR || message.startsWith('Response ');
      if (isEveryday) logger.debug(message);
      else logger.warn(`${message}${error ? `: ${error}` : ''}`);
    },
  });
}

function sslOf(config: ConnectionConfig) {
  if (!config.KAFKA_SSL) return false;
  const ca = readPem(config, 'KAFKA_SSL_CA');
  const cert = readPem(config, 'KAFKA_SSL_CERT');
  const key = readPem(config, 'KAFKA_SSL_KEY');
  return { ...(ca && { ca: [ca] }), ...(cert && { cert }), ...(key && { key }) };
}

function readPem(
  config: ConnectionConfig,
  variable: 'KAFKA_SSL_CA' | 'KAFKA_SSL_CERT' | 'KAFKA_SSL_KEY',
): string | undefined {
  const path = config[variable];
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KafkaSetupError(`${variable}: ${(error as Error).message}`, { cause: error });
  }
}

function saslOf(config: ConnectionConfig): SASLOptions | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config;
  if (!mechanism || !username || !password) return undefined;
  return { mechanism, username, password };
}

/** Every topic that the service reads or writes. */
export function ownTopics(config: Pick<ServiceConfig, `TOPIC_${string}` & keyof ServiceConfig>): string[] {
  return [
    config.TOPIC_TICKETS,
    config.TOPIC_CHOICES,
    config.TOPIC_SUGGESTIONS,
    config.TOPIC_TICKETS_DLQ,
    config.TOPIC_CHOICES_DLQ,
  ];
}

/**
 * Makes the topics that are missing, with room for messages of 10 MB; those that are there stay as their owner made them.
 * All of them can be written and read when it returns.
 *
 * @throws KafkaSetupError naming the topics that are missing and can't be made
 */
export async function ensureTopics(kafka: Kafka, topics: string[], partitions: number): Promise<void> {
  await withAdmin(kafka, (admin) => createMissing(admin, topics, partitions));
  // Also those that another replica made a moment ago. What is wrong with a topic for longer is seen by whoever uses it.
  await Promise.allSettled(topics.map((topic) => endOf(kafka, topic)));
}

async function createMissing(admin: Admin, topics: string[], partitions: number): Promise<void> {
  const missing = async (): Promise<string[]> => {
    const there = new Set(await admin.listTopics());
    return topics.filter((topic) => !there.has(topic));
  };
  const names = await missing();
  if (names.length === 0) return;
  // A dead letter carries a header or two more than the message had.
  const limit = String(largestMessageBytes + headerRoomBytes);
  const toMake = names.map((topic) => ({
    topic,
    numPartitions: partitions,
    configEntries: [{ name: 'max.message.bytes', value: limit }],
  }));
  try {
    await admin.createTopics({ waitForLeaders: false, topics: toMake });
  } catch (error) {
    // Another replica may have made them at the same moment; only what is still missing is a failure.
    let left = await missing();
    for (
      const deadline = Date.now() + newTopicTimeoutMs;
      left.length > 0 && isBeingMade(error) && Date.now() < deadline;
    ) {
      await sleep(100);
      left = await missing();
    }
    if (left.length === 0) return;
    const { errors: [first] = [] } = error as { errors?: unknown[] };
    throw new KafkaSetupError(
      `Kafka has no topic ${left.join(', ')} and did not let us make it (${String(first ?? error)}). ` +
        `Make it with ${partitions} partitions and max.message.bytes=${limit}, or name another with TOPIC_…`,
      { cause: error },
    );
  }
}

/** Whether no topic was refused: a busy broker does not list yet what it has begun to make. */
function isBeingMade(error: unknown): boolean {
  const { errors = [error] } = error as { errors?: unknown[] };
  return errors.every((one) => {
    const { type = '' } = one as { type?: string };
    return ['TOPIC_ALREADY_EXISTS', 'REQUEST_TIMED_OUT'].includes(type);
  });
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 10 } });
  await admin.connect().catch((error: unknown) => {
    const { message } = error as Error;
    throw new KafkaSetupError(`KAFKA_BROKERS: no connection to Kafka: ${message}`, { cause: error });
  });
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export async function openProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    retry: { retries: 3 },
  });
  await producer.connect();
  return producer;
}

export interface ConsumerEvents {
  crashed(error: Error, restarts: boolean): void;
  joined(): void;
}

/**
 * Starts to read a topic in batches. Offsets are resolved by the handler alone, and a topic that has never been read is
 * read from its beginning.
 */
export async function openConsumer(
  kafka: Kafka,
  options: { group: string; topic: string; concurrency: number; fromBeginning?: boolean; events: ConsumerEvents },
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<Consumer> {
  const consumer = kafka.consumer({
    groupId: options.group,
    maxWaitTimeInMs: 300,
    maxBytesPerPartition: 2 * 1024 * 1024,
    // After a kill -9 the group waits so long for the dead member before another gets its partitions.
    sessionTimeout: 10_000,
    rebalanceTimeout: 20_000,
    heartbeatInterval: 2_000,
    allowAutoTopicCreation: false,
    // Any error may pass: the coordinator is loading, the broker is being restarted. What does not pass is seen in health.
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 5, restartOnFailure: () => Promise.resolve(true) },
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => options.events.crashed(payload.error, payload.restart));
  consumer.on(consumer.events.GROUP_JOIN, () => options.events.joined());
  await consumer.connect();
  await consumer.subscribe({ topic: options.topic, fromBeginning: options.fromBeginning ?? true });
  await consumer.run({
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: options.concurrency,
    eachBatch,
  });
  return consumer;
}

/**
 * Where a topic's partitions end now: what comes later comes from there on. A broker tells of a new topic before its
 * partitions have a leader that answers: it is asked again until all have.
 */
export async function endOf(kafka: Kafka, topic: string): Promise<{ partition: number; offset: string }[]> {
  const deadline = Date.now() + newTopicTimeoutMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(1_000, 2 * pauseMs)) {
    try {
      // A connection for each try: its metadata is fresh.
      const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
      const isWhole = ends.length > 0 && ends.every(({ high }) => Number(high) >= 0);
      if (isWhole) return ends.map(({ partition, high }) => ({ partition, offset: high }));
      if (Date.now() > deadline) throw new Error(`the partitions of ${topic} have no end yet`);
    } catch (error) {
      if (!passes(error) || Date.now() > deadline) throw error;
    }
    await sleep(pauseMs);
  }
}

/** Whether the protocol says of this error that the same request may go well a moment later. */
function passes(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { type, retriable } = error as { type?: string; retriable?: boolean };
  return (type !== undefined && retriable === true) || passes(error.cause);
}

/** Reads a topic from given places on, for oneself: nothing is remembered of it. @returns stops the reading */
export async function follow(
  kafka: Kafka,
  topic: string,
  from: { partition: number; offset: string }[],
  onValue: (value: string) => void,
): Promise<() => Promise<void>> {
  const consumer = kafka.consumer({ groupId: `replyrank-follow-${randomUUID()}`, maxWaitTimeInMs: 300 });
  await consumer.connect();
  await consumer.subscribe({ topic });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ message }) => {
      onValue(message.value?.toString() ?? '');
      return Promise.resolve();
    },
  });
  for (const place of from) consumer.seek({ topic, ...place });
  return () => consumer.disconnect();
}

/** Whether the broker will never take this message, however often it is sent. */
export function isTooLarge(error: unknown): boolean {
  // Its class is one of those exports of kafkajs that Node.js does not see from an ES module.
  return error instanceof Error && (error as { type?: string }).type === 'MESSAGE_TOO_LARGE';
}
