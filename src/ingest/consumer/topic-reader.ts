/**
 * Invariant: an offset is committed only after all messages up to it are stored, or stored as dead letters.
 *
 * Error policy, only here: the handler makes a dead letter of an invalid message. An outage pauses the partition and is
 * retried forever. A chunk that fails for any other reason is stored message by message; a message that fails three times
 * becomes a dead letter, so that a bug of this service blocks no partition. A chunk that is stored and can't be committed twice
 * is stored and committed message by message. A record batch that can't be decoded becomes one dead letter with its bytes.
 */
import { Logger } from '@nestjs/common';
import type { Counter, Gauge, Histogram } from 'prom-client';
import { ConsumerHealth } from './consumer-health.js';
import type { ConsumedMessage } from '../dead-letters.js';
import {
  fetchCommitted,
  fetchOffsets,
  openConsumer,
  type Consumer,
  type ConsumerEvents,
  type EachBatchPayload,
  type Kafka,
  type KafkaMessage,
} from '../kafka.js';
import { OffsetWatch } from './offset-watch.js';
import { ReaderStartError } from '../reader-thread.js';
import type { UnreadableBatch } from './record-batches.js';

export interface TopicHandler {
  topic: string;
  /** Stores valid messages, and invalid ones as dead letters. */
  storeBatch(messages: ConsumedMessage[]): Promise<void>;
  /** Stores a message that `storeBatch` fails on as a dead letter. */
  deadLetter(message: ConsumedMessage, error: unknown): Promise<void>;
  /** Backpressure: whether consumption pauses */
  isFull(): Promise<boolean>;
}

export interface ReaderMetrics {
  lag: Gauge<'topic' | 'partition'>;
  lostRecords: Counter<'topic' | 'partition'>;
  unreadableBatches: Counter<'topic' | 'partition' | 'codec'>;
  chunkSize: Histogram;
  storeSeconds: Histogram;
}

const maxMessages = 64;
const maxBytes = 1024 * 1024;
const maxAttempts = 3;
/** A chunk that is stored and can't be committed so many times is stored message by message. */
const maxCommitFailures = 2;
const outagePauseMs = 1_000;
const backpressurePauseMs = 250;
const heartbeatMs = 1_000;

export class TopicReader {
  readonly health: ConsumerHealth;
  private readonly logger = new Logger('TopicReader');
  private readonly watch: OffsetWatch;
  private consumer: Consumer | null = null;
  /** By partition: the chunk whose offset could not be committed, by its first offset */
  private readonly commitFailures = new Map<number, { offset: string; count: number }>();

  constructor(
    private readonly kafka: Kafka,
    private readonly group: string,
    private readonly handler: TopicHandler,
    private readonly metrics: ReaderMetrics,
  ) {
    const { topic } = handler;
    this.health = new ConsumerHealth(topic);
    this.watch = new OffsetWatch({
      topic,
      health: this.health,
      metrics,
      fetchOffsets: () => fetchOffsets(kafka, topic),
      fetchCommitted: () => fetchCommitted(kafka, group, topic),
    });
  }

  async start(): Promise<void> {
    const { topic } = this.handler;
    const events: ConsumerEvents = {
      crashed: (error, restarts) => {
        this.health.crashed(Date.now(), restarts);
        this.logger[restarts ? 'warn' : 'error'](`consumer of ${topic} crashed: ${error.message}`);
      },
      joined: (partitions) => this.watch.joined(partitions),
      passed: ({ partition, firstOffset, lastOffset, highWatermark }) => {
        this.watch.begin(partition, firstOffset);
        this.watch.moved(partition, lastOffset + 1, highWatermark);
        this.watch.finish(partition);
      },
    };
    await this.watch.start();
    this.consumer = await openConsumer(this.kafka, { group: this.group, topic, concurrency: 3, events }, (payload) =>
      this.readBatch(payload),
    );
  }

  async stop(): Promise<void> {
    await this.watch.stop();
    await this.consumer?.disconnect();
    this.consumer = null;
  }

  private async readBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    // On its own timer, so that the group keeps this member however long a chunk takes. An error shows at the next commit.
    const timer = setInterval(() => void payload.heartbeat().catch(() => undefined), heartbeatMs);
    try {
      this.watch.begin(batch.partition, Number(batch.firstOffset()));
      await this.readChunks(payload);
    } finally {
      clearInterval(timer);
      this.watch.finish(batch.partition);
    }
  }

  private async readChunks(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const messages: KafkaMessage[] = batch.messages;
    for (const chunk of splitIntoChunks(messages, this.chunkSize(batch.partition, messages))) {
      if (!payload.isRunning() || payload.isStale()) return;
      try {
        if (await this.handler.isFull()) {
          this.pause(payload, backpressurePauseMs);
          return;
        }
        await this.storeChunk(
          chunk.map((message) => toConsumedMessage(message, batch.topic, batch.partition)),
          () => payload.heartbeat(),
        );
      } catch (error) {
        this.logger.warn(`${batch.topic}/${batch.partition} is paused, retrying: ${describeError(error)}`);
        this.pause(payload, outagePauseMs);
        return;
      }
      await this.commitChunk(payload, chunk);
    }
  }

  private async commitChunk(payload: EachBatchPayload, chunk: KafkaMessage[]): Promise<void> {
    const { batch } = payload;
    const { partition } = batch;
    const [first, last] = [chunk[0]?.offset ?? '0', chunk.at(-1)?.offset ?? '0'];
    payload.resolveOffset(last);
    try {
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
      await payload.heartbeat();
    } catch (error) {
      const known = this.commitFailures.get(partition);
      const count = known?.offset === first ? known.count + 1 : 1;
      this.commitFailures.set(partition, { offset: first, count });
      throw error;
    }
    this.commitFailures.delete(partition);
    for (const { unreadable } of chunk) if (unreadable) this.reportUnreadable(partition, unreadable);
    const isEnd = last === batch.messages.at(-1)?.offset;
    this.watch.moved(partition, Number(isEnd ? batch.lastOffset() : last) + 1, Number(batch.highWatermark));
  }

  /** One message at a time where the chunk could not be committed, so that each is committed before the next is read */
  private chunkSize(partition: number, [first]: KafkaMessage[]): number {
    const failed = this.commitFailures.get(partition);
    return failed && failed.offset === first?.offset && failed.count >= maxCommitFailures ? 1 : maxMessages;
  }

  private reportUnreadable(
    partition: number,
    { codec, firstOffset, lastOffset, records, problem }: UnreadableBatch,
  ): void {
    const { topic } = this.handler;
    this.metrics.unreadableBatches.inc({ topic, partition: String(partition), codec });
    this.health.foundUnreadable({ topic, partition, codec, firstOffset, lastOffset, problem });
    this.logger.error(
      `${topic}/${partition}: the ${codec} batch of ${records} records at offsets ${firstOffset} to ${lastOffset} can't be ` +
        `read (${problem}): it becomes a dead letter`,
    );
  }

  private pause(payload: EachBatchPayload, ms: number): void {
    this.health.waiting(Date.now(), payload.batch.partition);
    const resume = payload.pause();
    setTimeout(resume, ms);
  }

  private async storeChunk(chunk: ConsumedMessage[], heartbeat: () => Promise<void>): Promise<void> {
    const started = performance.now();
    try {
      await this.handler.storeBatch(chunk);
      this.metrics.chunkSize.observe(chunk.length);
      this.metrics.storeSeconds.observe((performance.now() - started) / 1000);
    } catch (error) {
      if (isOutage(error)) throw error;
      this.logger.error(`a chunk of ${chunk.length} messages failed, storing them one by one: ${describeError(error)}`);
      for (const message of chunk) {
        await this.storeSingle(message);
        await heartbeat();
      }
    }
  }

  private async storeSingle(message: ConsumedMessage): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.handler.storeBatch([message]);
        return;
      } catch (error) {
        if (isOutage(error)) throw error;
        if (attempt < maxAttempts) continue;
        this.logger.error(
          `${message.topic}/${message.partition}@${message.offset} becomes a dead letter: ${describeError(error)}`,
        );
        await this.handler.deadLetter(message, error);
        return;
      }
    }
  }
}

/** SQLSTATE classes of errors in a value: out of range, constraint violated, too large for an index */
const valueErrorClasses = /^(?:22|23|54)/;

/**
 * Whether an error is temporary or an operator can fix it: no connection, or an error of PostgreSQL that is not about a
 * value (unavailable, out of connections or disk, read-only, not migrated yet).
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof ReaderStartError) return true;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return !valueErrorClasses.test(code);
  if (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)/.test(code)) return true;
  return /connection (terminated|ended|refused|timeout)|timeout exceeded when trying to connect|not queryable|not connected|connection is not established|connection error|after calling end/i.test(
    String(message),
  );
}

/** An error for the log. PostgreSQL's messages quote values, which may be text of a ticket, so only the code is logged. */
export function describeError(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  if (typeof code === 'string') return `${name ?? 'Error'} ${code}`;
  return `${name ?? 'Error'} ${(message ?? '').split('\n')[0]?.slice(0, 200) ?? ''}`;
}

function toConsumedMessage(message: KafkaMessage, topic: string, partition: number): ConsumedMessage {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    (Array.isArray(value) ? value[0] : value)?.toString() ?? '',
  ]);
  const { key, value, timestamp, unreadable } = message;
  return {
    topic,
    partition,
    offset: unreadable?.firstOffset ?? message.offset,
    key,
    value,
    headers: Object.fromEntries(headers) as Record<string, string>,
    timestamp: Number(timestamp),
    unreadable,
  };
}

function* splitIntoChunks(messages: KafkaMessage[], maxSize: number): Generator<KafkaMessage[]> {
  let chunk: KafkaMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.value?.length ?? 0;
    if (chunk.length > 0 && (chunk.length >= maxSize || bytes + size > maxBytes)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(message);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
