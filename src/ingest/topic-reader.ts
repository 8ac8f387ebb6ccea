/**
 * Invariant: an offset is committed only after all messages up to it are stored, or stored as dead letters.
 *
 * Error policy, only here: the handler makes a dead letter of an invalid message. An outage pauses the partition and is
 * retried forever. A chunk that fails for any other reason is stored message by message; a message that fails three times
 * becomes a dead letter, so that a bug of this service blocks no partition.
 */
import { Logger } from '@nestjs/common';
import type { Gauge, Histogram } from 'prom-client';
import { ConsumerHealth } from './consumer-health.js';
import type { ConsumedMessage } from './dead-letters.js';
import { openConsumer, type Consumer, type EachBatchPayload, type Kafka, type KafkaMessage } from './kafka.js';

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
  chunkSize: Histogram;
  storeSeconds: Histogram;
}

const maxMessages = 64;
const maxBytes = 1024 * 1024;
const maxAttempts = 3;
const outagePauseMs = 1_000;
const backpressurePauseMs = 250;

export class TopicReader {
  readonly health = new ConsumerHealth();
  private readonly logger = new Logger('TopicReader');
  private consumer: Consumer | null = null;

  constructor(
    private readonly kafka: Kafka,
    private readonly group: string,
    private readonly handler: TopicHandler,
    private readonly metrics: ReaderMetrics,
  ) {}

  async start(): Promise<void> {
    const { topic } = this.handler;
    const events = {
      crashed: (error: Error, restarts: boolean) => {
        this.health.crashed(Date.now(), restarts);
        this.logger[restarts ? 'warn' : 'error'](`consumer of ${topic} crashed: ${error.message}`);
      },
      joined: () => this.health.joined(),
    };
    this.consumer = await openConsumer(this.kafka, { group: this.group, topic, concurrency: 3, events }, (payload) =>
      this.readBatch(payload),
    );
  }

  async stop(): Promise<void> {
    await this.consumer?.disconnect();
    this.consumer = null;
  }

  private async readBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const place = { topic: batch.topic, partition: String(batch.partition) };
    for (const chunk of splitIntoChunks(batch.messages)) {
      if (!payload.isRunning() || payload.isStale()) return;
      const last = chunk.at(-1)?.offset ?? '0';
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
        this.health.retrying();
        this.pause(payload, outagePauseMs);
        return;
      }
      payload.resolveOffset(last);
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
      await payload.heartbeat();
      const lag = Math.max(0, Number(batch.highWatermark) - 1 - Number(last));
      this.metrics.lag.set(place, lag);
      this.health.progressed(Date.now(), `${batch.topic}/${batch.partition}`, lag);
    }
  }

  private pause(payload: EachBatchPayload, ms: number): void {
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
  const { key, value, offset } = message;
  return { topic, partition, offset, key, value, headers: Object.fromEntries(headers) as Record<string, string> };
}

function* splitIntoChunks(messages: KafkaMessage[]): Generator<KafkaMessage[]> {
  let chunk: KafkaMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.value?.length ?? 0;
    if (chunk.length > 0 && (chunk.length >= maxMessages || bytes + size > maxBytes)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(message);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
