/**
 * Invariant: a row of the outbox is deleted only after the broker has it, and rows of one key leave in the order of their
 * ids. One relay at a time serves a key range, by an advisory lock that dies with its connection. What is published is what
 * is still there, not what is newer than the last row seen, so a row that is committed late is never skipped.
 *
 * A process that dies between the broker's answer and the deletion publishes the same rows again: the same messages, with
 * the same ids in them.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource, type QueryRunner } from 'typeorm';
import { tryLockInSession } from '../database/advisory-locks.js';
import { outboxRanges } from '../database/outbox.js';
import { isTooLarge, KAFKA, openProducer, type Kafka, type Producer } from './kafka.js';
import { describeError } from './topic-reader.js';

const idleMs = 300;
const takeRangesEveryMs = 2_000;
const mostRows = 500;
const mostBytes = 8 * 1024 * 1024;
const firstBackOffMs = 250;
const longestBackOffMs = 5_000;
/** How long a stop waits for a broker that does not answer. */
const stopMs = 3_000;

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
  private running: Promise<void> = Promise.resolve();
  private stopping = false;
  private waker: () => void = () => undefined;
  /** Topics that the broker refuses for now: the others must not wait for them. ms since 1970. */
  private readonly blockedUntil = new Map<string, { until: number; backOffMs: number }>();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(KAFKA) private readonly kafka: Kafka,
    registry: Registry,
  ) {
    new Gauge({
      name: 'replyrank_outbox_rows',
      help: 'Messages waiting to be published',
      registers: [registry],
      async collect() {
        const [row]: { n: number }[] = await dataSource.query('SELECT count(*)::int AS n FROM outbox');
        this.set(row?.n ?? 0);
      },
    });
  }

  async start(): Promise<void> {
    this.stopping = false;
    this.producer = await openProducer(this.kafka);
    this.running = this.run(this.producer);
  }

  /** Says that there is something to publish. */
  wake(): void {
    this.waker();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    const patience = new Promise((resolve) => setTimeout(resolve, stopMs).unref());
    await Promise.race([this.running, patience]);
    await Promise.race([this.producer?.disconnect(), patience]);
    this.producer = null;
  }

  private async run(producer: Producer): Promise<void> {
    while (!this.isStopping()) {
      const runner = this.dataSource.createQueryRunner();
      try {
        await this.relay(runner, producer);
      } catch (error) {
        // The connection that held the locks is gone with them; whoever takes them finds every row still there.
        this.logger.warn(`publishing waits: ${describeError(error)}`);
        await this.rest(1_000);
      } finally {
        await runner.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
        await runner.release().catch(() => undefined);
      }
    }
  }

  private async relay(runner: QueryRunner, producer: Producer): Promise<void> {
    const ranges = new Set<number>();
    let tookAt = -Infinity;
    while (!this.isStopping()) {
      if (ranges.size < outboxRanges && performance.now() - tookAt > takeRangesEveryMs) {
        await takeRanges(runner, ranges);
        tookAt = performance.now();
      }
      const published = await this.publishSome(runner, producer, [...ranges]);
      if (published === 0) await this.rest(idleMs);
    }
  }

  /** @returns how many rows were published */
  private async publishSome(runner: QueryRunner, producer: Producer, ranges: number[]): Promise<number> {
    const now = Date.now();
    const blocked = [...this.blockedUntil].filter(([, { until }]) => until > now).map(([topic]) => topic);
    const rows = (await runner.query(
      `SELECT id, topic, key, headers, value FROM (
         SELECT *, sum(coalesce(octet_length(value), 0)) OVER (ORDER BY id) - coalesce(octet_length(value), 0) AS before FROM (
           SELECT * FROM outbox WHERE key_range = ANY ($1::smallint[]) AND topic <> ALL ($2::text[]) ORDER BY id LIMIT $3
         ) AS oldest) AS sized
        WHERE before < $4 ORDER BY id`,
      [ranges, blocked, mostRows, mostBytes],
    )) as OutboxRow[];
    let published = 0;
    for (const topic of new Set(rows.map((row) => row.topic))) {
      const own = rows.filter((row) => row.topic === topic);
      if (!(await this.send(producer, topic, own))) continue;
      await runner.query('DELETE FROM outbox WHERE id = ANY ($1::bigint[])', [own.map(({ id }) => id)]);
      published += own.length;
    }
    return published;
  }

  /** @returns whether the broker has them all now */
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
      if (isTooLarge(error)) return this.sendWithoutTheLargest(producer, topic, rows);
      const backOffMs = Math.min(longestBackOffMs, 2 * (this.blockedUntil.get(topic)?.backOffMs ?? firstBackOffMs / 2));
      this.blockedUntil.set(topic, { until: Date.now() + backOffMs, backOffMs });
      this.logger.warn(`${rows.length} messages for ${topic} wait: ${describeError(error)}`);
      return false;
    }
  }

  /**
   * The topic takes smaller messages than the one a dead letter came from. It goes without its value, which stays in the
   * database, because one message must not hold up all that follow.
   */
  private async sendWithoutTheLargest(producer: Producer, topic: string, rows: OutboxRow[]): Promise<boolean> {
    const [only] = rows;
    if (rows.length === 1 && only) {
      if (only.value === null) return true;
      this.logger.error(
        `a message of ${only.value.length} bytes is too large for ${topic}: published without its value`,
      );
      const headers = { ...only.headers, 'replyrank-value': 'too large for this topic' };
      return this.send(producer, topic, [{ ...only, value: null, headers }]);
    }
    const middle = Math.ceil(rows.length / 2);
    return (await this.send(producer, topic, rows.slice(0, middle))) && this.send(producer, topic, rows.slice(middle));
  }

  private rest(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.waker = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A method, because it changes while its callers wait. */
  private isStopping(): boolean {
    return this.stopping;
  }
}

async function takeRanges(runner: QueryRunner, ranges: Set<number>): Promise<void> {
  for (let range = 0; range < outboxRanges; range += 1) {
    if (!ranges.has(range) && (await tryLockInSession(runner, 'outboxRange', range))) ranges.add(range);
  }
}
