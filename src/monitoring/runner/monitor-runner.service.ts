/** Runs the monitor's ticks in the background, in one replica at a time. */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Histogram, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { BackgroundLoop } from '../../processes/background-loop.js';
import { tryLockInTransaction } from '../../database/advisory-locks.js';
import { supersedeAlerts } from '../alerts/alert-store.js';
import { loadServingVersion } from '../decisions/decision-store.js';
import { endOtherReweightings } from '../decisions/reweighting.js';
import { CounterThread } from './counter-thread.js';
import { MonitorTick } from './monitor-tick.service.js';

const maxPollIntervalMs = 5_000;

@Injectable()
export class MonitorRunner {
  private readonly logger = new Logger('Monitor');
  private readonly duration: Histogram;
  private readonly loop: BackgroundLoop;
  /** When no closed window was left, or another replica held the lock; null before that. ms since 1970 */
  private lastIdleAt: number | null = null;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    private readonly thread: CounterThread,
    private readonly monitorTick: MonitorTick,
    registry: Registry,
  ) {
    this.loop = new BackgroundLoop({
      run: () => this.tickOrIdle(),
      // Nothing was stored: the next tick counts the same window.
      onError: (error) =>
        this.logger.warn(`monitor tick failed, retrying: ${error instanceof Error ? error.message : String(error)}`),
      intervalMs: Math.min(maxPollIntervalMs, config.MONITOR_WINDOW_S * 500),
    });
    this.duration = new Histogram({
      name: 'replyrank_monitor_tick_duration_seconds',
      help: 'Duration of one evaluation of the drift monitor: count a window, diagnose, decide, alert',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    });
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    await this.thread.stop();
  }

  /** Whether it has kept up lately. */
  isRunning(now: number): boolean {
    return this.lastIdleAt !== null && now - this.lastIdleAt < 10 * maxPollIntervalMs;
  }

  /** @returns 0 if there may be another closed window */
  private async tickOrIdle(): Promise<number | undefined> {
    if (await this.tick(new Date())) return 0;
    this.lastIdleAt = Date.now();
    return undefined;
  }

  /** Evaluates one closed window, if there is one. @returns whether there may be another */
  async tick(now: Date): Promise<boolean> {
    const started = performance.now();
    const evaluated = await this.dataSource.transaction(async (manager) => {
      if (!(await tryLockInTransaction(manager, 'monitor'))) return false;
      await this.recordRun(manager, now);
      await this.endSuperseded(manager, now);
      return this.monitorTick.run(manager, now);
    });
    if (evaluated) this.duration.observe((performance.now() - started) / 1000);
    return evaluated;
  }

  private async recordRun(manager: EntityManager, now: Date): Promise<void> {
    await manager.query(
      `INSERT INTO monitor_runner (last_run_at) VALUES ($1)
       ON CONFLICT (singleton) DO UPDATE SET last_run_at = EXCLUDED.last_run_at`,
      [now],
    );
  }

  /** Ends the alerts and class weights of models that are no longer in service. */
  private async endSuperseded(manager: EntityManager, now: Date): Promise<void> {
    const serving = await loadServingVersion(manager);
    await supersedeAlerts(manager, { serving, at: now, deliver: this.config.MONITOR_WEBHOOK_URL !== undefined });
    await endOtherReweightings(manager, serving);
  }
}
