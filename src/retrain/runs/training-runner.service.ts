/**
 * Starts training runs and works on them, one at a time among all replicas. Who works on a run holds a lease that it prolongs;
 * once the lease of a killed process expires, another replica, or its own next start, continues.
 */
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { BackgroundLoop } from '../../processes/background-loop.js';
import { ifUnlocked } from '../../database/advisory-locks.js';
import { JobDied, JobFailed } from '../../models/jobs/job-process.js';
import { DecisionsService } from '../../monitoring/decisions/decisions.service.js';
import { loadChampionSince, loadLastScheduledEvaluation, findRequestedRun } from './run-requests.query.js';
import { executeRun, removeUnfinishedFolders, RunFailed } from './run-training.js';
import * as store from './run-store.js';
import { concludeRun } from './conclude-run.js';
import { isEvaluationDue } from './schedule.js';
import { trainingSettings } from './train-from-labels.js';

const pollIntervalMs = 1_000;
const heartbeatIntervalMs = 3_000;

@Injectable()
export class TrainingRunner {
  private readonly logger = new Logger('Training');
  private readonly ended: Counter<'state'>;
  private readonly runnerId = `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`;
  private readonly loop = new BackgroundLoop({
    run: () => this.startAndClaim(new Date()),
    onError: (error) => this.logger.warn(`training runs wait: ${String(error)}`),
    intervalMs: pollIntervalMs,
    startDelayMs: pollIntervalMs,
  });
  private currentRun: Promise<void> | null = null;
  private stopping = new AbortController();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    private readonly decisions: DecisionsService,
    registry: Registry,
  ) {
    this.ended = new Counter({
      name: 'replyrank_training_runs_total',
      help: 'Training runs that ended here, by how',
      labelNames: ['state'],
      registers: [registry],
    });
  }

  start(): void {
    this.stopping = new AbortController();
    this.loop.start();
  }

  /** A run that is under way goes back to the queue. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the service is being stopped'));
    await this.loop.stop();
    await this.currentRun;
  }

  private async startAndClaim(now: Date): Promise<void> {
    if (this.stopping.signal.aborted) return;
    await this.evaluateSchedule(now);
    const requested = await findRequestedRun(this.dataSource.manager);
    if (requested) {
      const { id, started } = await store.startRun(this.dataSource.manager, requested);
      if (started) this.logger.log(`training run ${id}: retraining requested by ${requested.requestedBy}`);
    }
    if (this.currentRun) return;
    const run = await store.claimRun(this.dataSource.manager, this.runnerId);
    if (run) this.currentRun = this.execute(run).finally(() => (this.currentRun = null));
  }

  /** The schedule asks as the monitor does: the decision, also that nothing is to be done, is kept. */
  private async evaluateSchedule(now: Date): Promise<void> {
    const { RETRAIN_SCHEDULE: pattern } = this.config;
    if (pattern === undefined || !(await this.isEvaluationDue(pattern, now))) return;
    await ifUnlocked(this.dataSource, 'retrainSchedule', async () => {
      // Another replica may have asked before this one got the lock.
      if (!(await this.isEvaluationDue(pattern, now))) return;
      const { action, reasons } = await this.decisions.decideNow({
        requestedBy: 'schedule',
        requested: false,
        scheduleDue: true,
      });
      this.logger.log(`the schedule asks: ${action}, ${reasons.at(-1) ?? ''}`);
    });
  }

  private async isEvaluationDue(pattern: string, now: Date): Promise<boolean> {
    const { manager } = this.dataSource;
    const facts = {
      now,
      lastEvaluation: await loadLastScheduledEvaluation(manager),
      championSince: await loadChampionSince(manager),
    };
    return isEvaluationDue(pattern, facts);
  }

  private async execute(run: store.ClaimedRun): Promise<void> {
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, this.stopping.signal]);
    const heartbeat = this.startHeartbeat(run, (reason) => ending.abort(reason));
    try {
      this.logger.log(`training run ${run.id} begins${run.attempts > 1 ? `, attempt ${run.attempts}` : ''}`);
      await removeUnfinishedFolders(
        this.dataSource,
        this.config.MODEL_DIR,
        await readdir(this.config.MODEL_DIR).catch(() => []),
      );
      const note = (part: store.RunUpdate): Promise<void> => store.updateRun(this.dataSource.manager, run, part);
      const end = await executeRun(run, { ...this.context(), signal, update: note });
      signal.throwIfAborted();
      const state = await concludeRun(this.dataSource, run, end, this.config);
      this.ended.inc({ state });
      this.logger.log(`training run ${run.id}: ${state}`);
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error;
      await this.handleFailure(run, reason).catch((late: unknown) => this.logger.warn(String(late)));
    } finally {
      clearInterval(heartbeat);
    }
  }

  private context() {
    return { dataSource: this.dataSource, config: this.config, training: trainingSettings(this.config) };
  }

  /** Where the database can't be reached for as long as a lease lasts, the run may be another's already. */
  private startHeartbeat(run: store.ClaimedRun, abort: (reason: Error) => void): NodeJS.Timeout {
    let renewedAt = Date.now();
    return setInterval(() => {
      store.renewLease(this.dataSource.manager, run).then(
        () => (renewedAt = Date.now()),
        (error: unknown) => {
          if (error instanceof store.LeaseLost || error instanceof store.RunCancelled) abort(error);
          else if (Date.now() - renewedAt > (store.leaseSeconds * 1000) / 2) abort(new store.LeaseLost(String(error)));
        },
      );
    }, heartbeatIntervalMs);
  }

  private async handleFailure(run: store.ClaimedRun, reason: unknown): Promise<void> {
    const { manager } = this.dataSource;
    const message = reason instanceof Error ? reason.message : String(reason);
    if (reason instanceof store.LeaseLost) {
      this.logger.warn(message);
    } else if (this.stopping.signal.aborted) {
      await store.releaseRun(manager, run);
    } else if (reason instanceof store.RunCancelled) {
      await store.endRun(manager, run, { state: 'cancelled' });
      this.ended.inc({ state: 'cancelled' });
    } else if (reason instanceof JobDied) {
      this.logger.warn(`training run ${run.id}: ${message}; it is tried again`);
      await store.retryRun(manager, run);
    } else if (reason instanceof JobFailed || reason instanceof RunFailed) {
      await this.fail(run, message);
    } else {
      this.logger.error(reason instanceof Error ? (reason.stack ?? message) : message);
      await this.fail(run, message);
    }
    const names = await readdir(this.config.MODEL_DIR).catch(() => []);
    if (!(reason instanceof store.LeaseLost))
      await removeUnfinishedFolders(this.dataSource, this.config.MODEL_DIR, names);
  }

  private async fail(run: store.ClaimedRun, error: string): Promise<void> {
    await store.endRun(this.dataSource.manager, run, { state: 'failed', error });
    this.ended.inc({ state: 'failed' });
    this.logger.warn(`training run ${run.id} failed: ${error}`);
  }
}
