/**
 * Invariant: an offset is committed only after everything up to it has been stored, as what it is or as a dead letter.
 *
 * Error policy, here and nowhere else: what is wrong with a message makes a dead letter, by the handler. An outage pauses
 * the partition and is tried again for ever. A chunk that fails for any other reason is taken message by message; one that
 * fails alone three times is dead-lettered, so that a fault of ours stops nobody.
 */
import { Logger } from '@nestjs/common';
import type { Gauge, Histogram } from 'prom-client';
import { ConsumerHealth } from './consumer-health.js';
import type { PlacedMessage } from './dead-letters.js';
import { openConsumer, type Consumer, type EachBatchPayload, type Kafka, type KafkaMessage } from './kafka.js';

export interface TopicHandler {
  topic: string;
  /** Stores all of them in one transaction. */
  store(messages: PlacedMessage[]): Promise<void>;
  /** Stores one that `store` fails on, as a dead letter. */
  giveUp(message: PlacedMessage, error: unknown): Promise<void>;
  /** Whether reading should wait: too much is unfinished behind us. */
  isFull(): Promise<boolean>;
}

export interface ReaderMetrics {
  lag: Gauge<'topic' | 'partition'>;
  chunkSize: Histogram;
  storeSeconds: Histogram;
}

const mostMessages = 64;
const mostBytes = 1024 * 1024;
const triesAlone = 3;
const outagePauseMs = 1_000;
const fullPauseMs = 250;

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
        this.logger[restarts ? 'warn' : 'error'](`reading ${topic} broke off: ${error.message}`);
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
    for (const chunk of chunksOf(batch.messages)) {
      if (!payload.isRunning() || payload.isStale()) return;
      const last = chunk.at(-1)?.offset ?? '0';
      try {
        if (await this.handler.isFull()) {
          this.pause(payload, fullPauseMs);
          return;
        }
        await this.storeChunk(
          chunk.map((message) => placed(message, batch.topic, batch.partition)),
          () => payload.heartbeat(),
        );
      } catch (error) {
        this.logger.warn(`${batch.topic}/${batch.partition} waits: ${describeError(error)}`);
        this.health.waits();
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

  private async storeChunk(chunk: PlacedMessage[], heartbeat: () => Promise<void>): Promise<void> {
    const started = performance.now();
    try {
      await this.handler.store(chunk);
      this.metrics.chunkSize.observe(chunk.length);
      this.metrics.storeSeconds.observe((performance.now() - started) / 1000);
    } catch (error) {
      if (isOutage(error)) throw error;
      this.logger.error(`a chunk of ${chunk.length} failed and is taken one by one: ${describeError(error)}`);
      for (const message of chunk) {
        await this.storeAlone(message);
        await heartbeat();
      }
    }
  }

  private async storeAlone(message: PlacedMessage): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.handler.store([message]);
        return;
      } catch (error) {
        if (isOutage(error)) throw error;
        if (attempt < triesAlone) continue;
        this.logger.error(
          `${message.topic}/${message.partition}@${message.offset} is given up: ${describeError(error)}`,
        );
        await this.handler.giveUp(message, error);
        return;
      }
    }
  }
}

/** SQLSTATE classes that speak of a value: it is out of range, violates a constraint, or is too large for an index. */
const ofAValue = /^(?:22|23|54)/;

/**
 * Whether it will pass, or can be mended by an operator: whatever PostgreSQL says that is not about a value (it is away, out
 * of connections or disk, read-only, not migrated yet), and a connection that is not there.
 */
export function isOutage(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return !ofAValue.test(code);
  if (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)/.test(code)) return true;
  return /connection (terminated|ended|refused|timeout)|timeout exceeded when trying to connect|not queryable|not connected|connection is not established|connection error|after calling end/i.test(
    String(message),
  );
}

/** What may be logged of an error: PostgreSQL's messages quote values, which may be text of a ticket. */
export function describeError(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  if (typeof code === 'string') return `${name ?? 'Error'} ${code}`;
  return `${name ?? 'Error'} ${(message ?? '').split('\n')[0]?.slice(0, 200) ?? ''}`;
}

function placed(message: KafkaMessage, topic: string, partition: number): PlacedMessage {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    (Array.isArray(value) ? value[0] : value)?.toString() ?? '',
  ]);
  const { key, value, offset } = message;
  return { topic, partition, offset, key, value, headers: Object.fromEntries(headers) as Record<string, string> };
}

function* chunksOf(messages: KafkaMessage[]): Generator<KafkaMessage[]> {
  let chunk: KafkaMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.value?.length ?? 0;
    if (chunk.length > 0 && (chunk.length >= mostMessages || bytes + size > mostBytes)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(message);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
