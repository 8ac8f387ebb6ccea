/**
 * Deletes what has been kept long enough, every night. The job lies in PostgreSQL (graphile-worker): one of the replicas
 * does it, one that fails is tried again, and a night that was missed is made up for at the next start.
 *
 * Only the queue is the library's. Each replica looks into it by a timer, because its own workers and cron do not outlive
 * a restart of the database (docs/decisions/0003-job-queue-without-its-workers.md).
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Logger as QueueLogger, runTaskListOnce } from 'graphile-worker';
import type { PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { deleteOldVersions } from './old-versions.js';

const lookEveryMs = 10 * 60_000;
const batchSize = 1000;

export type RetentionConfig = Pick<
  ServiceConfig,
  'RETENTION_TICKETS_DAYS' | 'RETENTION_DEAD_LETTERS_DAYS' | 'RETENTION_AUDIT_LOG_DAYS' | 'RETENTION_MONITORING_DAYS'
>;

@Injectable()
export class RetentionService {
  private readonly logger = new Logger('Retention');
  private readonly queueLogger = new QueueLogger(() => (level, message) => {
    if (['error', 'warning'].includes(level)) this.logger.warn(message);
    else this.logger.debug(message);
  });
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | null = null;
  private stopping = new AbortController();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  /** Adds the job where there is none yet; that of a night that was missed is due already. */
  async start(): Promise<void> {
    this.stopping = new AbortController();
    await this.schedule(new Date(), 'unsafe_dedupe');
    this.timer = setInterval(() => void this.look(), lookEveryMs).unref();
    void this.look();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.looking;
  }

  /** Does the job if it is due and nobody else is at it. Never rejects: the next look finds what is left. */
  look(): Promise<void> {
    this.looking ??= this.runDueJobs()
      .catch((error: unknown) => this.logger.warn(`the job of the night waits: ${String(error)}`))
      .finally(() => (this.looking = null));
    return this.looking;
  }

  private async runDueJobs(): Promise<void> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runTaskListOnce(
        { noHandleSignals: true, logger: this.queueLogger },
        { retention: () => this.eraseTonight() },
        client,
      );
    } finally {
      await runner.release();
    }
  }

  private async eraseTonight(): Promise<void> {
    const erased = await eraseExpired(this.dataSource, this.config, this.stopping.signal);
    const versions = await deleteOldVersions(this.dataSource, this.config);
    this.logger.log(`erased ${JSON.stringify({ ...erased, versions })}`);
    await this.schedule(nextNight(new Date()), 'replace');
  }

  private async schedule(at: Date, mode: 'unsafe_dedupe' | 'replace'): Promise<void> {
    await this.dataSource.query(
      `SELECT graphile_worker.add_job('retention', run_at := $1, job_key := 'retention', job_key_mode := $2,
                                      max_attempts := 1000)`,
      [at, mode],
    );
  }
}

/** The first 3:17 UTC after `now`. */
export function nextNight(now: Date): Date {
  const night = new Date(now);
  night.setUTCHours(3, 17, 0, 0);
  if (night <= now) night.setUTCDate(night.getUTCDate() + 1);
  return night;
}

export interface Erased {
  tickets: number;
  choices: number;
  deadLetters: number;
  auditEntries: number;
  buckets: number;
  readings: number;
  alerts: number;
  decisions: number;
  sessions: number;
}

/**
 * Deletes what is older than its table's retention, in portions: no lock is held for long.
 *
 * @throws the signal's reason between two portions once it is aborted
 */
export async function eraseExpired(
  dataSource: DataSource,
  config: RetentionConfig,
  signal?: AbortSignal,
): Promise<Erased> {
  const eraseAll = async (table: string, condition: string, days: number): Promise<number> => {
    for (let erased = 0; ;) {
      signal?.throwIfAborted();
      const [, count]: [unknown, number] = await dataSource.query(
        `DELETE FROM ${table} WHERE ctid IN (SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${batchSize})`,
        [days],
      );
      erased += count;
      if (count < batchSize) return erased;
    }
  };
  const old = (column: string, days: string): string => `${column} < now() - make_interval(days => ${days})`;
  return {
    // Counted from when a ticket was last touched here: history that was imported yesterday is not old.
    tickets: await eraseAll(
      'tickets',
      `(closed_at IS NOT NULL OR answered_at IS NOT NULL) AND ${old('greatest(updated_at, answered_at)', '$1')}`,
      config.RETENTION_TICKETS_DAYS,
    ),
    choices: await eraseAll(
      'choices',
      `${old('received_at', '$1')} AND NOT EXISTS (
         SELECT 1 FROM tickets t WHERE t.source = choices.source AND t.ticket_id = choices.ticket_id)`,
      config.RETENTION_TICKETS_DAYS,
    ),
    deadLetters: await eraseAll('dead_letters', old('received_at', '$1'), config.RETENTION_DEAD_LETTERS_DAYS),
    auditEntries: await eraseAll('audit_log', old('at', '$1'), config.RETENTION_AUDIT_LOG_DAYS),
    buckets: await eraseAll('monitor_buckets', old('ends_at', '$1'), config.RETENTION_MONITORING_DAYS),
    // Charts of a month ago need no minutes.
    readings: await eraseAll(
      'monitor_readings',
      `(${old('at', '$1')} OR ${old('at', '14')} AND EXISTS (
         SELECT 1 FROM monitor_readings later WHERE later.model_version = monitor_readings.model_version
            AND later.stream = monitor_readings.stream AND later.at > monitor_readings.at
            AND later.at < date_trunc('hour', monitor_readings.at) + interval '1 hour'))`,
      config.RETENTION_MONITORING_DAYS,
    ),
    alerts: await eraseAll('alerts', old('closed_at', '$1'), config.RETENTION_MONITORING_DAYS),
    decisions: await eraseAll(
      'retrain_decisions',
      `${old('decided_at', '$1')} AND NOT EXISTS (SELECT 1 FROM reweightings r WHERE r.decision = retrain_decisions.id)`,
      config.RETENTION_MONITORING_DAYS,
    ),
    sessions: await eraseAll('sessions', old('expires_at', '$1'), 1),
  };
}
