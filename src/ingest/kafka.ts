/** Kafka. The only file that imports kafkajs. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  Kafka,
  logLevel,
  Partitioners,
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type KafkaMessage as Message,
  type LogEntry,
  type Producer,
  type SASLOptions,
} from 'kafkajs';
import type { ServiceConfig } from '../config/config.js';
import type { PartitionOffsets } from './consumer/consumer-health.js';
import { decodeRecordBatches, isRecordBatch, type Checksum, type UnreadableBatch } from './consumer/record-batches.js';

export type { Consumer, EachBatchPayload, Kafka, Producer } from 'kafkajs';
/** A message, or a record batch that can't be read */
export type KafkaMessage = Message & { unreadable?: UnreadableBatch };

/** Injection token of the Kafka client */
export const KAFKA = Symbol('KAFKA');

/** The configuration does not fit the brokers; the message says what to change. */
export class KafkaSetupError extends Error {
  override readonly name = 'KafkaSetupError';
}

/** Maximum size of a message on the service's topics: 10 MB, and its headers. */
const maxMessageBytes = 10 * 1024 * 1024;
const maxHeaderBytes = 128 * 1024;
/** Timeout until a new topic has leaders for all partitions. */
const topicTimeoutMs = 20_000;

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

/** A client for the configured brokers. It connects on first use. */
export function connectKafka(config: ConnectionConfig): Kafka {
  replaceFetchDecoder();
  const logger = new Logger('Kafka');
  const sasl = saslOptions(config);
  return new Kafka({
    clientId: 'replyrank',
    brokers: config.KAFKA_BROKERS,
    ssl: tlsOptions(config),
    ...(sasl && { sasl }),
    connectionTimeout: 5_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry: LogEntry) => {
      // Rebalances and restarts of brokers are normal; lag and readiness show what persists. Error responses are also thrown
      // to the caller.
      const { message, error } = entry.log as { message: string; error?: string };
      const isRoutine = entry.level > logLevel.ERROR || message.startsWith('Response ');
      if (isRoutine) logger.debug(message);
      else logger.warn(`${message}${error ? `: ${error}` : ''}`);
    },
  });
}

interface FetchDecoder {
  readInt32: () => number;
  canReadBytes: (length: number) => boolean;
  readBytes: (length: number) => Buffer;
}
type DecodeMessages = (decoder: FetchDecoder) => Promise<unknown[]>;

const require = createRequire(import.meta.url);
const fetchDecoderPath = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages';

/**
 * Replaces the function of kafkajs that decodes the messages of a partition, before kafkajs loads it with its first fetch.
 * Why: docs/decisions/0013-own-record-batch-decoder.md
 */
function replaceFetchDecoder(): void {
  const decodeOldMessages = require(fetchDecoderPath) as DecodeMessages & { isReplaced?: boolean };
  if (decodeOldMessages.isReplaced) return;
  const crc32c = require('kafkajs/src/protocol/recordBatch/crc32C') as Checksum;
  const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => FetchDecoder;
  const decode: DecodeMessages = (decoder) => {
    const length = decoder.readInt32();
    if (length <= 0 || !decoder.canReadBytes(length)) return Promise.resolve([]);
    const bytes = decoder.readBytes(length);
    if (isRecordBatch(bytes)) return decodeRecordBatches(bytes, crc32c);
    const size = Buffer.alloc(4);
    size.writeInt32BE(length);
    return decodeOldMessages(new Decoder(Buffer.concat([size, bytes])));
  };
  const cached = require.cache[require.resolve(fetchDecoderPath)];
  if (cached) cached.exports = Object.assign(decode, { isReplaced: true });
}

function tlsOptions(config: ConnectionConfig) {
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

function saslOptions(config: ConnectionConfig): SASLOptions | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config;
  if (!mechanism || !username || !password) return undefined;
  return { mechanism, username, password };
}

/** All topics that the service reads or writes */
export function serviceTopics(config: Pick<ServiceConfig, `TOPIC_${string}` & keyof ServiceConfig>): string[] {
  return [
    config.TOPIC_TICKETS,
    config.TOPIC_CHOICES,
    config.TOPIC_SUGGESTIONS,
    config.TOPIC_TICKETS_DLQ,
    config.TOPIC_CHOICES_DLQ,
  ];
}

/**
 * Creates missing topics, for messages of up to 10 MB; existing ones are not changed. Returns once all topics can be
 * written and read.
 *
 * @throws KafkaSetupError naming the topics that do not exist and can't be created
 */
export async function ensureTopics(kafka: Kafka, topics: string[], partitions: number): Promise<void> {
  await withAdmin(kafka, (admin) => createMissingTopics(admin, topics, partitions));
  // Also topics that another replica has just created. A lasting problem shows when the topic is used.
  await Promise.allSettled(topics.map((topic) => fetchEndOffsets(kafka, topic)));
}

async function createMissingTopics(admin: Admin, topics: string[], partitions: number): Promise<void> {
  const missing = async (): Promise<string[]> => {
    const existing = new Set(await admin.listTopics());
    return topics.filter((topic) => !existing.has(topic));
  };
  const names = await missing();
  if (names.length === 0) return;
  // A dead letter has more headers than the original message.
  const limit = String(maxMessageBytes + maxHeaderBytes);
  const toMake = names.map((topic) => ({
    topic,
    numPartitions: partitions,
    configEntries: [{ name: 'max.message.bytes', value: limit }],
  }));
  try {
    await admin.createTopics({ waitForLeaders: false, topics: toMake });
  } catch (error) {
    // Another replica may have created them at the same time.
    let left = await missing();
    for (
      const deadline = Date.now() + topicTimeoutMs;
      left.length > 0 && isBeingCreated(error) && Date.now() < deadline;
    ) {
      await sleep(100);
      left = await missing();
    }
    if (left.length === 0) return;
    const { errors: [first] = [] } = error as { errors?: unknown[] };
    throw new KafkaSetupError(
      `topic ${left.join(', ')} does not exist and could not be created (${String(first ?? error)}): ` +
        `create it with ${partitions} partitions and max.message.bytes=${limit}, or set TOPIC_* to another topic`,
      { cause: error },
    );
  }
}

/** Whether the topics are still being created: a busy broker lists them late. */
function isBeingCreated(error: unknown): boolean {
  const { errors = [error] } = error as { errors?: unknown[] };
  return errors.every((cause) => {
    const { type = '' } = cause as { type?: string };
    return ['TOPIC_ALREADY_EXISTS', 'REQUEST_TIMED_OUT'].includes(type);
  });
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 10 } });
  await admin.connect().catch((error: unknown) => {
    const { message } = error as Error;
    throw new KafkaSetupError(`KAFKA_BROKERS: could not connect to Kafka: ${message}`, { cause: error });
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
  joined(partitions: number[]): void;
  /** A batch had only offsets without a message: transaction markers, aborted or compacted records. */
  passed(batch: { partition: number; firstOffset: number; lastOffset: number; highWatermark: number }): void;
}

/**
 * Starts to consume a topic in batches. The handler resolves the offsets. A group without offsets starts at the beginning.
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
    // After a kill -9 the partitions of the dead member are reassigned after this time.
    sessionTimeout: 10_000,
    rebalanceTimeout: 20_000,
    heartbeatInterval: 2_000,
    // New partitions are read after this time.
    metadataMaxAge: 10_000,
    allowAutoTopicCreation: false,
    // Any error may be temporary: the coordinator is loading, the broker restarts. Health shows what persists.
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 5, restartOnFailure: () => Promise.resolve(true) },
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => options.events.crashed(payload.error, payload.restart));
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const { [options.topic]: partitions = [] } = payload.memberAssignment as Record<string, number[] | undefined>;
    options.events.joined(partitions);
  });
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    const { partition, batchSize, firstOffset, lastOffset, highWatermark } = payload;
    if (batchSize > 0) return;
    options.events.passed({
      partition,
      // Against its type, it is null where compaction removed all that was requested.
      firstOffset: Number((firstOffset as string | null) ?? lastOffset),
      lastOffset: Number(lastOffset),
      highWatermark: Number(highWatermark),
    });
  });
  await consumer.connect();
  await consumer.subscribe({ topic: options.topic, fromBeginning: options.fromBeginning ?? true });
  await consumer.run({
    eachBatchAutoResolve: false,
    // Commits what is passed without a message.
    autoCommitThreshold: 1,
    partitionsConsumedConcurrently: options.concurrency,
    eachBatch,
  });
  return consumer;
}

/**
 * End offsets of a topic's partitions. A broker lists a new topic before its partitions have a leader, so this is retried
 * until all have.
 */
export async function fetchEndOffsets(kafka: Kafka, topic: string): Promise<{ partition: number; offset: string }[]> {
  const deadline = Date.now() + topicTimeoutMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(1_000, 2 * pauseMs)) {
    try {
      // A new connection per attempt, for fresh metadata.
      const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
      const isComplete = ends.length > 0 && ends.every(({ high }) => Number(high) >= 0);
      if (isComplete) return ends.map(({ partition, high }) => ({ partition, offset: high }));
      if (Date.now() > deadline) throw new Error(`not all partitions of ${topic} have a leader`);
    } catch (error) {
      if (!isRetriable(error) || Date.now() > deadline) throw error;
    }
    await sleep(pauseMs);
  }
}

/**
 * First and end offsets of a topic's partitions, as a consumer of committed records sees them: the end is before the first open
 * transaction.
 */
export async function fetchOffsets(kafka: Kafka, topic: string): Promise<PartitionOffsets[]> {
  const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
  return offsets.map(({ partition, low, high }) => ({ partition, low: Number(low), end: Number(high) }));
}

/** Committed offsets of a group, by partition; none of a partition without a valid one */
export async function fetchCommitted(kafka: Kafka, groupId: string, topic: string): Promise<Map<number, number>> {
  const [group] = await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  const committed = (group?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const);
  return new Map(committed.filter(([, offset]) => offset >= 0));
}

/** Whether the Kafka protocol calls this error retriable. */
function isRetriable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { type, retriable } = error as { type?: string; retriable?: boolean };
  return (type !== undefined && retriable === true) || isRetriable(error.cause);
}

/** Consumes a topic from the given offsets, without committing; skips batches that can't be read. @returns stops it */
export async function tailTopic(
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
    eachMessage: ({ message }: { message: KafkaMessage }) => {
      if (!message.unreadable) onValue(message.value?.toString() ?? '');
      return Promise.resolve();
    },
  });
  for (const place of from) consumer.seek({ topic, ...place });
  return () => consumer.disconnect();
}

/** Whether the broker rejects the message for its size, so that a retry is useless */
export function isTooLarge(error: unknown): boolean {
  // Node.js does not see this class among kafkajs's exports from an ES module.
  return error instanceof Error && (error as { type?: string }).type === 'MESSAGE_TOO_LARGE';
}
