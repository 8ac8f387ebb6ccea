/**
 * Invariant: a ticket with a rank request is ranked, sooner or later, by some replica. A request is deleted only in the
 * transaction that stores its suggestion; a process that dies in between leaves a lease that runs out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { ModelBusy, ModelUnavailable } from '../../models/serving/rank-queue.js';
import { ChampionService } from '../versions/champion.service.js';
import { claimTickets, releaseLeases, storeRankings, type RankedTicket } from '../requests/ranking-store.js';
import { storeShadowRankings } from '../versions/rollouts.js';

/** Long enough for the slowest batch; after a crash its tickets wait so long at most. */
const leaseSeconds = 20;
/** How often the database is asked where nobody has called: for leases that ran out and for other replicas' tickets. */
const pollIntervalMs = 500;
/** How long a stop waits for them. */
const stopTimeoutMs = 4_000;
/** Two batches in flight: while the model works on one, the other is read or stored. */
const workers = 2;

@Injectable()
export class RankingLoop {
  private readonly logger = new Logger('RankingLoop');
  private readonly suggestions: Counter<'outcome'>;
  private running: Promise<void>[] = [];
  private stopping = false;
  private wakeIdle: (() => void)[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly champion: ChampionService,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    registry: Registry,
  ) {
    this.suggestions = new Counter({
      name: 'replyrank_suggestions_total',
      help: 'Suggestions stored, by what came of them',
      labelNames: ['outcome'],
      registers: [registry],
    });
    new Gauge({
      name: 'replyrank_rank_backlog',
      help: 'Tickets waiting to be ranked',
      registers: [registry],
      async collect() {
        const [row]: { n: number }[] = await dataSource.query('SELECT count(*)::int AS n FROM rank_requests');
        this.set(row?.n ?? 0);
      },
    });
  }

  start(): void {
    this.stopping = false;
    this.running = Array.from({ length: workers }, () => this.runWorker());
  }

  /** Says that there is something to rank. */
  notify(): void {
    for (const waker of this.wakeIdle.splice(0)) waker();
  }

  /** Lets the batches in flight end; one that takes too long is left to its lease. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.notify();
    const timeout = new AbortController();
    await Promise.race([Promise.all(this.running), sleep(stopTimeoutMs, undefined, { signal: timeout.signal })]);
    timeout.abort();
    this.running = [];
  }

  private async runWorker(): Promise<void> {
    while (!this.stopping) {
      try {
        const found = await this.rankBatch();
        if (found === 0) await this.idle(pollIntervalMs);
      } catch (error) {
        // The database is away: requests and leases are in it, so there is nothing to save here.
        this.logger.warn(`ranking waits: ${String(error)}`);
        await this.idle(2 * pollIntervalMs);
      }
    }
  }

  /** @returns how many requests were claimed */
  private async rankBatch(): Promise<number> {
    const { stamp } = this.champion;
    const limit = this.config.MODEL_MAX_BATCH;
    const claimed = await claimTickets(this.dataSource.manager, { limit, leaseSeconds, stamp });
    if (claimed.length === 0) return 0;
    let answers: Awaited<ReturnType<ChampionService['rank']>>;
    try {
      answers = await this.champion.rankTickets(claimed);
    } catch (error) {
      const seconds = error instanceof ModelBusy ? 0.2 : 1;
      await releaseLeases(this.dataSource.manager, claimed, seconds);
      if (!(error instanceof ModelBusy)) this.logger.warn(`the model is away: ${String(error)}`);
      if (!(error instanceof ModelBusy || error instanceof ModelUnavailable)) throw error;
      await this.idle(seconds * 1000);
      return claimed.length;
    }
    const ranked = claimed.flatMap((ticket, index) => {
      const answer = answers[index];
      return answer ? [{ claimed: ticket, ...answer }] : [];
    });
    const settings = {
      topic: this.config.TOPIC_SUGGESTIONS,
      auditShare: this.config.AUDIT_SHARE,
      encoderHash: this.champion.status().encoderHash,
      stamp,
    };
    const stored = await this.dataSource.transaction((manager) => storeRankings(manager, ranked, settings));
    for (const { ranking } of stored) this.suggestions.inc({ outcome: ranking.reason ?? 'ranked' });
    this.onStored?.();
    await this.rankInShadow(stored);
    return claimed.length;
  }

  /** What the version in shadow says is kept beside; where it fails, nobody waits for it. */
  private async rankInShadow(stored: RankedTicket[]): Promise<void> {
    if (stored.length === 0) return;
    try {
      const answers = await this.champion.rankInShadow(stored.map(({ claimed }) => claimed));
      if (answers) await storeShadowRankings(this.dataSource.manager, stored, answers);
    } catch (error) {
      this.logger.warn(`the shadow did not rank: ${String(error)}`);
    }
  }

  /** Called after suggestions were stored: the relay has something to publish. */
  onStored: (() => void) | undefined;

  private idle(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
