/**
 * Invariant: each ticket is counted once, in canonical order within its time. What a bucket has counted, the watch's state after
 * it and what was decided are stored in one transaction, under a lock that only one replica can have: a crash leaves the state
 * before the bucket, and the same bucket gives the same values again.
 *
 * A time is counted when it is over and late tickets have had theirs. Rows that are committed late are still there, because
 * what is counted is what no bucket has counted, not what is newer than the last one seen.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Histogram, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { tryLockInTransaction } from '../../database/advisory-locks.js';
import { supersedeAlerts } from '../alerts/alert-store.js';
import { bucketOf, watermark } from './bucket-folding.js';
import * as buckets from './bucket-store.js';
import { CounterThread, NoReference } from './counter-thread.js';
import { servingVersion } from '../decisions/decision-store.js';
import { MonitorLook } from './monitor-tick.service.js';
import { newOutcomes, uncounted, type Watched } from '../observations/observation-rows.js';
import { endReweightingsBut } from '../decisions/reweighting.js';
import type { CountOrder, Counted } from './ticket-counter.js';

/** So many at once: more tickets of one time make more buckets of it. */
const mostTickets = 1_000;
const longestRestMs = 5_000;

@Injectable()
export class MonitorRunner {
  private readonly logger = new Logger('Monitor');
  private readonly seconds: Histogram;
  private running: Promise<void> = Promise.resolve();
  private stopping = new AbortController();
  /** When it last had nothing left to count, or found another replica at it; null before that. ms since 1970 */
  private lookedAt: number | null = null;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    private readonly thread: CounterThread,
    private readonly look: MonitorLook,
    registry: Registry,
  ) {
    this.seconds = new Histogram({
      name: 'replyrank_monitor_bucket_seconds',
      help: 'Time to count one bucket, its look and its decision',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    });
  }

  start(): void {
    this.stopping = new AbortController();
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.thread.stop();
  }

  /** Whether it has looked lately. */
  isLooking(now: number): boolean {
    return this.lookedAt !== null && now - this.lookedAt < 10 * longestRestMs;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const restMs = Math.min(longestRestMs, this.config.MONITOR_WINDOW_S * 500);
    while (!this.isStopping()) {
      try {
        while (!this.isStopping() && (await this.countNext(new Date())));
        this.lookedAt = Date.now();
      } catch (error) {
        // Nothing was stored: the next try counts the same bucket.
        this.logger.warn(`the monitor waits: ${error instanceof Error ? error.message : String(error)}`);
      }
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** A method, because it changes while its callers wait. */
  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Counts one bucket, if one is complete. @returns whether there may be another */
  async countNext(now: Date): Promise<boolean> {
    const started = performance.now();
    const { MONITOR_WINDOW_S: bucketSeconds, MONITOR_LATENESS_S: latenessSeconds } = this.config;
    const counted = await this.dataSource.transaction(async (manager) => {
      if (!(await tryLockInTransaction(manager, 'monitor'))) return false;
      await this.follow(manager, now);
      const before = watermark(now, { bucketSeconds, latenessSeconds });
      const next = await buckets.nextToCount(manager, before);
      if (next) return this.count(manager, next, { ...bucketOf(next.at, bucketSeconds), now, before });
      const due = await buckets.nextOutcome(manager, new Date(now.getTime() - bucketSeconds * 1000));
      if (due) return this.count(manager, due, { from: before, to: before, now, before });
      return false;
    });
    if (counted) this.seconds.observe((performance.now() - started) / 1000);
    return counted;
  }

  /** Says that somebody looks, and ends what belongs to models that rank no more. */
  private async follow(manager: EntityManager, now: Date): Promise<void> {
    await manager.query(
      `INSERT INTO monitor_runner (looked_at) VALUES ($1)
       ON CONFLICT (one) DO UPDATE SET looked_at = EXCLUDED.looked_at`,
      [now],
    );
    const serving = await servingVersion(manager);
    await supersedeAlerts(manager, { serving, at: now, deliver: this.config.MONITOR_WEBHOOK_URL !== undefined });
    await endReweightingsBut(manager, serving);
  }

  private async count(
    manager: EntityManager,
    of: Watched,
    { from, to, now, before }: { from: Date; to: Date; now: Date; before: Date },
  ): Promise<true> {
    const folder = await this.folderOf(manager, of.modelVersion);
    if (folder === null) {
      await buckets.passOver(manager, of, before);
      return true;
    }
    const rows = await uncounted(manager, { ...of, from, to, limit: mostTickets });
    const outcomes = await newOutcomes(manager, { ...of, limit: mostTickets });
    const { bucket: after, standing } = await buckets.keptState(manager, of);
    const number = await buckets.nextNumber(manager);
    const order: CountOrder = {
      folder,
      stream: of.stream,
      after,
      number,
      settings: this.settings(),
      observations: rows.map(({ observation }) => observation),
      outcomes: outcomes.map(({ outcome, observation }) => ({ outcome, observation })),
    };
    const counted = await this.countInThread(manager, of, order);
    if (counted === null) {
      await buckets.passOver(manager, of, before);
      return true;
    }
    const newest = await buckets.newestEnd(manager, of);
    await buckets.storeBucket(manager, {
      ...of,
      number,
      from,
      to,
      tickets: rows.map(({ ticket }) => ticket),
      outcomes: outcomes.map(({ ticket }) => ticket),
      late: newest !== null && newest > to ? rows.length : 0,
      sums: counted.sums,
    });
    const waiting = await buckets.nextToCount(manager, before);
    const isBehind = waiting?.modelVersion === of.modelVersion && waiting.stream === of.stream;
    const looked = { of, folder, now, at: rows.at(-1)?.observation.occurredAt ?? now, tickets: rows.length, isBehind };
    const stands = await this.look.look(manager, { ...looked, counted, standing });
    await buckets.storeState(manager, of, {
      bucket: number,
      watch: counted.state,
      tickets: rows.length,
      lookedAt: now,
      ...stands,
    });
    await this.fold(manager, of, folder);
    return true;
  }

  /** @returns null where the model has no reference */
  private async countInThread(
    manager: EntityManager,
    of: Watched,
    order: CountOrder,
  ): Promise<Extract<Counted, { kind: 'counted' }> | null> {
    try {
      const counted = await this.thread.count(order);
      if (counted.kind === 'counted') return counted;
      const again = await this.thread.count({ ...order, state: await buckets.watchState(manager, of) });
      if (again.kind === 'counted') return again;
      throw new Error('the state that was sent was not taken');
    } catch (error) {
      if (!(error instanceof NoReference)) throw error;
      this.logger.warn(`tickets ranked by ${of.modelVersion} are not watched: ${error.message}`);
      return null;
    }
  }

  /** One old time at each bucket: there are never more to do than there were buckets. */
  private async fold(manager: EntityManager, of: Watched, folder: string): Promise<void> {
    const fold = await buckets.nextFold(manager, of);
    if (fold) await buckets.storeFold(manager, fold, await this.thread.merge(folder, fold.windows));
  }

  private async folderOf(manager: EntityManager, version: string): Promise<string | null> {
    const [row]: { folder: string }[] = await manager.query('SELECT folder FROM model_versions WHERE version = $1', [
      version,
    ]);
    return row ? join(this.config.MODEL_DIR, row.folder) : null;
  }

  private settings(): CountOrder['settings'] {
    const { MONITOR_MIN_TICKETS_PER_FALSE_ALARM: ticketsToFalseAlarm, MONITOR_MIN_EFFECT: smallestEffect } =
      this.config;
    return { ticketsToFalseAlarm, smallestEffect };
  }
}
