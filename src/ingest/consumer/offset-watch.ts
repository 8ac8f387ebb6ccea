/**
 * Compares the positions of a consumer with the offsets that the broker has, every few seconds: lag, and records that retention
 * removed before they were read. A batch can't tell either: none comes where nothing can be read.
 */
import { Logger } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { BackgroundLoop } from '../../processes/background-loop.js';
import type { ConsumerHealth, PartitionOffsets } from './consumer-health.js';

const intervalMs = 10_000;

export interface OffsetWatchOptions {
  topic: string;
  health: ConsumerHealth;
  metrics: { lag: Gauge<'topic' | 'partition'>; lostRecords: Counter<'topic' | 'partition'> };
  /** What the broker has of each partition of the topic */
  fetchOffsets: () => Promise<PartitionOffsets[]>;
  /** Offsets that the group has committed, by partition */
  fetchCommitted: () => Promise<Map<number, number>>;
}

export class OffsetWatch {
  private readonly logger = new Logger('OffsetWatch');
  private readonly loop: BackgroundLoop;
  private readonly inProgress = new Set<number>();
  /** Assigned again, and nothing read since: another replica may have read on, or this one begins again at its last commit. */
  private readonly unconfirmed = new Set<number>();
  /** Offsets that the consumer skipped, up to the first offset of a batch, since the last comparison */
  private gaps: { partition: number; from: number; to: number }[] = [];
  /** Committed before the consumer started: it may reset an offset that is out of range before it can be asked for. */
  private committedAtStart = new Map<number, number>();

  constructor(private readonly options: OffsetWatchOptions) {
    const { topic } = options;
    this.loop = new BackgroundLoop({
      run: () => this.compare(),
      onError: (error) => this.logger.warn(`offsets of ${topic} are unknown, retrying: ${String(error)}`),
      intervalMs,
    });
  }

  /** Before the consumer starts */
  async start(): Promise<void> {
    this.committedAtStart = await this.options.fetchCommitted().catch(() => new Map<number, number>());
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  joined(assigned: number[]): void {
    const { topic, health, metrics } = this.options;
    for (const partition of health.joined(Date.now(), assigned)) {
      metrics.lag.remove({ topic, partition: String(partition) });
    }
    for (const [partition, offset] of this.committedAtStart) {
      if (health.position(partition) === null) health.read(Date.now(), partition, offset);
    }
    this.committedAtStart.clear();
    for (const partition of assigned) this.unconfirmed.add(partition);
    this.loop.notify();
  }

  /** A batch is being stored, from its first offset on: the consumer may have skipped records to get there. */
  begin(partition: number, firstOffset: number): void {
    this.inProgress.add(partition);
    this.unconfirmed.delete(partition);
    const position = this.options.health.position(partition);
    if (position !== null && firstOffset > position) this.gaps.push({ partition, from: position, to: firstOffset });
  }

  /** Everything before the position is stored. @param end by the batch: the end of the partition */
  moved(partition: number, position: number, end: number): void {
    const { health } = this.options;
    health.read(Date.now(), partition, position);
    this.setLag(partition, end);
  }

  finish(partition: number): void {
    this.inProgress.delete(partition);
  }

  private async compare(): Promise<void> {
    const { health, fetchOffsets, fetchCommitted } = this.options;
    const offsets = await fetchOffsets();
    this.countGaps(offsets);
    const assigned = offsets.filter(({ partition }) => health.assigned().includes(partition));
    const committed = this.unconfirmed.size > 0 ? await fetchCommitted() : new Map<number, number>();
    for (const { partition, low, end } of assigned) {
      this.confirm(partition, committed.get(partition) ?? health.position(partition) ?? low);
      const position = health.position(partition);
      if (position !== null && position < low && !this.inProgress.has(partition)) {
        this.countLost(partition, position, low);
        health.read(Date.now(), partition, low);
      }
      this.setLag(partition, end);
    }
  }

  /** A gap is no loss where compaction or a transaction left it: only what is before the first offset of the broker is lost. */
  private countGaps(offsets: PartitionOffsets[]): void {
    for (const { partition, from, to } of this.gaps.splice(0)) {
      const { low = 0 } = offsets.find((each) => each.partition === partition) ?? {};
      this.countLost(partition, from, Math.min(low, to));
    }
  }

  /** Sets the position after an assignment, unless a batch has set it meanwhile. */
  private confirm(partition: number, position: number): void {
    if (this.unconfirmed.delete(partition)) this.options.health.read(Date.now(), partition, position);
  }

  private setLag(partition: number, end: number): void {
    const { topic, health, metrics } = this.options;
    const lag = health.ends(Date.now(), partition, end);
    if (lag !== null) metrics.lag.set({ topic, partition: String(partition) }, lag);
  }

  private countLost(partition: number, from: number, to: number): void {
    if (to <= from) return;
    const { topic, metrics } = this.options;
    metrics.lostRecords.inc({ topic, partition: String(partition) }, to - from);
    this.logger.error(
      `${topic}/${partition}: the topic's retention removed offsets ${from} to ${to - 1} before they were read`,
    );
  }
}
