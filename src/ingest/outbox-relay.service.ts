/**
 * Invariant: an outbox row is deleted only after the broker has acknowledged it, and rows with the same key are published in
 * the order of their ids. One relay at a time serves a key range, by an advisory lock that ends with its connection. It
 * publishes all rows that exist, not those newer than the last one, so a row that is committed late is never skipped.
 *
 * A process that dies between the acknowledgement and the deletion publishes the same rows again: the same messages, with
 * the same ids.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type QueryRunner } from 'typeorm';
import { tryLockInSession } from '../database/advisory-locks.js';
import { outboxRanges } from '../database/outbox.js';
import { BackgroundLoop } from '../processes/background-loop.js';
import { isTooLarge, KAFKA, openProducer, type Kafka, type Producer } from './kafka.js';
import { describeError } from './consumer/topic-reader.js';

const pollIntervalMs = 300;
const errorDelayMs = 1_000;
const lockRangesIntervalMs = 2_000;
const maxRows = 500;
const maxBytes = 8 * 1024 * 1024;
const minBackOffMs = 250;
const maxBackOffMs = 5_000;
/** Maximum wait for an unavailable broker when stopping. */
const stopTimeoutMs = 3_000;

interface OutboxRow {
  id: number;
  topic: string;
  key: Buffer | null;
  headers: Record<string, string>;
  value: Buffer | null;
}

@Injectable()
export class OutboxRelay {
  private readonly logger = new Logger('OutboxRelay');
  private producer: Producer | null = null;
  private readonly loop = new BackgroundLoop({
    run: () => this.relay(),
    onError: (error) => this.logger.warn(`publishing failed, retrying: ${describeError(error)}`),
    intervalMs: pollIntervalMs,
    errorDelayMs,
  });
  /** The connection that holds the locks, and the key ranges that are locked */
  private session: { runner: QueryRunner; ranges: Set<number>; lockedAt: number } | null = null;
  /** Topics that the broker rejects at the moment: the others must not wait for them. ms since 1970 */
  private readonly blockedUntil = new Map<string, { until: number; backOffMs: number }>();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(KAFKA) private readonly kafka: Kafka,
    registry: Registry,
  ) {
    new Gauge({
      name: 'replyrank_outbox_rows',
      help: 'Outbox messages waiting to be published',
      registers: [registry],
      async collect() {
        const [row]: { n: number }[] = await dataSource.query('SELECT count(*)::int AS n FROM outbox');
        this.set(row?.n ?? 0);
      },
    });
  }

  async start(): Promise<void> {
    this.producer = await openProducer(this.kafka);
    this.loop.start();
  }

  /** There are messages to publish: ends the pause. */
  notify(): void {
    this.loop.notify();
  }

  async stop(): Promise<void> {
    const timeout = new Promise((resolve) => setTimeout(resolve, stopTimeoutMs).unref());
    await Promise.race([this.loop.stop().then(() => this.closeSession()), timeout]);
    await Promise.race([this.producer?.disconnect(), timeout]);
    this.producer = null;
  }

  /** @returns 0 if there may be more to publish */
  private async relay(): Promise<number | undefined> {
    const { producer } = this;
    if (!producer) return undefined;
    try {
      const { runner, ranges } = await this.lockRanges();
      return (await this.publishBatch(runner, producer, [...ranges])) > 0 ? 0 : undefined;
    } catch (error) {
      // The locks end with the connection; the next relay finds every row.
      await this.closeSession();
      throw error;
    }
  }

  /** Tries to lock the key ranges that other relays serve, every few seconds. */
  private async lockRanges(): Promise<{ runner: QueryRunner; ranges: Set<number> }> {
    const session = (this.session ??= {
      runner: this.dataSource.createQueryRunner(),
      ranges: new Set<number>(),
      lockedAt: -Infinity,
    });
    const { runner, ranges } = session;
    if (ranges.size < outboxRanges && performance.now() - session.lockedAt > lockRangesIntervalMs) {
      for (let range = 0; range < outboxRanges; range += 1) {
        if (!ranges.has(range) && (await tryLockInSession(runner, 'outboxRange', range))) ranges.add(range);
      }
      session.lockedAt = performance.now();
    }
    return session;
  }

  private async closeSession(): Promise<void> {
    const { session } = this;
    this.session = null;
    await session?.runner.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
    await session?.runner.release().catch(() => undefined);
  }

  /** @returns the number of published rows */
  private async publishBatch(runner: QueryRunner, producer: Producer, ranges: number[]): Promise<number> {
    const now = Date.now();
    const blocked = [...this.blockedUntil].filter(([, { until }]) => until > now).map(([topic]) => topic);
    const rows = (await runner.query(
      `SELECT id, topic, key, headers, value FROM (
         SELECT *, sum(coalesce(octet_length(value), 0)) OVER (ORDER BY id) - coalesce(octet_length(value), 0) AS before FROM (
           SELECT * FROM outbox WHERE key_range = ANY ($1::smallint[]) AND topic <> ALL ($2::text[]) ORDER BY id LIMIT $3
         ) AS oldest) AS sized
        WHERE before < $4 ORDER BY id`,
      [ranges, blocked, maxRows, maxBytes],
    )) as OutboxRow[];
    let published = 0;
    for (const topic of new Set(rows.map((row) => row.topic))) {
      const topicRows = rows.filter((row) => row.topic === topic);
      if (!(await this.send(producer, topic, topicRows))) continue;
      await runner.query('DELETE FROM outbox WHERE id = ANY ($1::bigint[])', [topicRows.map(({ id }) => id)]);
      published += topicRows.length;
    }
    return published;
  }

  /** @returns whether the broker has acknowledged all of them */
  private async send(producer: Producer, topic: string, rows: OutboxRow[]): Promise<boolean> {
    try {
      await producer.send({
        topic,
        acks: -1,
        messages: rows.map(({ key, value, headers }) => ({ key, value, headers })),
      });
      this.blockedUntil.delete(topic);
      return true;
    } catch (error) {
      if (isTooLarge(error)) return this.sendBySize(producer, topic, rows);
      const backOffMs = Math.min(maxBackOffMs, 2 * (this.blockedUntil.get(topic)?.backOffMs ?? minBackOffMs / 2));
      this.blockedUntil.set(topic, { until: Date.now() + backOffMs, backOffMs });
      this.logger.warn(
        `${rows.length} messages for ${topic} could not be published, retrying: ${describeError(error)}`,
      );
      return false;
    }
  }

  /**
   * The topic's size limit is lower than that of the topic a dead letter came from. The message is published without its
   * value, which stays in the database, because it must not block the messages after it.
   */
  private async sendBySize(producer: Producer, topic: string, rows: OutboxRow[]): Promise<boolean> {
    const [only] = rows;
    if (rows.length === 1 && only) {
      if (only.value === null) return true;
      this.logger.error(
        `a message of ${only.value.length} bytes exceeds the limit of ${topic}: published without its value`,
      );
      const headers = { ...only.headers, 'replyrank-value': 'too large for this topic' };
      return this.send(producer, topic, [{ ...only, value: null, headers }]);
    }
    const middle = Math.ceil(rows.length / 2);
    return (await this.send(producer, topic, rows.slice(0, middle))) && this.send(producer, topic, rows.slice(middle));
  }
}
