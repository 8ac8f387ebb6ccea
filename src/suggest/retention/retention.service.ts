/**
 * Deletes expired rows every night at 3:17 UTC. Each replica checks whether the job is due; an advisory lock lets one of them run
 * it, and `job_runs` has when it last succeeded. A failed run is retried at the next check, and a missed night is made up for at
 * the next start (docs/decisions/0003-nightly-job-by-lock-and-row.md).
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Cron } from 'croner';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../../config/config.js';
import { ifUnlocked } from '../../database/advisory-locks.js';
import { BackgroundLoop } from '../../processes/background-loop.js';
import { deleteOldVersions } from './old-versions.js';

const checkIntervalMs = 10 * 60_000;
const batchSize = 1000;

export type RetentionConfig = Pick<
  ServiceConfig,
  'RETENTION_TICKETS_DAYS' | 'RETENTION_DEAD_LETTERS_DAYS' | 'RETENTION_AUDIT_LOG_DAYS' | 'RETENTION_MONITORING_DAYS'
>;

@Injectable()
export class RetentionService {
  private readonly logger = new Logger('Retention');
  private readonly loop = new BackgroundLoop({
    run: (signal) => this.runIfDue(signal),
    onError: (error) => this.logger.warn(`retention failed, it will be retried: ${String(error)}`),
    intervalMs: checkIntervalMs,
  });

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Runs the job if it is due and no other replica runs it. Never rejects. */
  check(): Promise<void> {
    return this.loop.runNow();
  }

  private async runIfDue(signal: AbortSignal): Promise<void> {
    if (!(await this.isDue())) return;
    await ifUnlocked(this.dataSource, 'retention', async () => {
      // Another replica may have finished between the check and the lock.
      if (!(await this.isDue())) return;
      const deleted = await deleteExpired(this.dataSource, this.config, signal);
      const versions = await deleteOldVersions(this.dataSource, this.config);
      this.logger.log(`deleted ${JSON.stringify({ ...deleted, versions })}`);
      await this.dataSource.query(
        `INSERT INTO job_runs (job, last_run_at) VALUES ('retention', now())
         ON CONFLICT (job) DO UPDATE SET last_run_at = EXCLUDED.last_run_at`,
      );
    });
  }

  private async isDue(): Promise<boolean> {
    const [row]: { lastRunAt: Date }[] = await this.dataSource.query(
      `SELECT last_run_at AS "lastRunAt" FROM job_runs WHERE job = 'retention'`,
    );
    return row === undefined || nextNight(row.lastRunAt) <= new Date();
  }
}

/** The first 3:17 UTC after `time`. */
export function nextNight(time: Date): Date {
  return new Cron('17 3 * * *', { timezone: 'UTC', paused: true }).nextRun(time) ?? time;
}

export interface DeletedRows {
  tickets: number;
  choices: number;
  deadLetters: number;
  auditEntries: number;
  windows: number;
  readings: number;
  alerts: number;
  decisions: number;
  sessions: number;
}

/**
 * Deletes rows that are older than their table's retention, in batches that hold locks only for a short time.
 *
 * @throws the signal's reason between two batches once it is aborted
 */
export async function deleteExpired(
  dataSource: DataSource,
  config: RetentionConfig,
  signal?: AbortSignal,
): Promise<DeletedRows> {
  const deleteWhere = async (table: string, condition: string, days: number): Promise<number> => {
    for (let deleted = 0; ;) {
      signal?.throwIfAborted();
      const [, count]: [unknown, number] = await dataSource.query(
        `DELETE FROM ${table} WHERE ctid IN (SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${batchSize})`,
        [days],
      );
      deleted += count;
      if (count < batchSize) return deleted;
    }
  };
  const isOlder = (column: string, days: string): string => `${column} < now() - make_interval(days => ${days})`;
  return {
    // Age counts from the last update here: history that was imported yesterday is not old.
    tickets: await deleteWhere(
      'tickets',
      `(closed_at IS NOT NULL OR answered_at IS NOT NULL) AND ${isOlder('greatest(updated_at, answered_at)', '$1')}`,
      config.RETENTION_TICKETS_DAYS,
    ),
    choices: await deleteWhere(
      'choices',
      `${isOlder('received_at', '$1')} AND NOT EXISTS (
         SELECT 1 FROM tickets t WHERE t.source = choices.source AND t.ticket_id = choices.ticket_id)`,
      config.RETENTION_TICKETS_DAYS,
    ),
    deadLetters: await deleteWhere('dead_letters', isOlder('received_at', '$1'), config.RETENTION_DEAD_LETTERS_DAYS),
    auditEntries: await deleteWhere('audit_log', isOlder('at', '$1'), config.RETENTION_AUDIT_LOG_DAYS),
    windows: await deleteWhere('monitor_windows', isOlder('ends_at', '$1'), config.RETENTION_MONITORING_DAYS),
    // After two weeks, one reading an hour is enough for the charts.
    readings: await deleteWhere(
      'monitor_readings',
      `(${isOlder('at', '$1')} OR ${isOlder('at', '14')} AND EXISTS (
         SELECT 1 FROM monitor_readings later WHERE later.model_version = monitor_readings.model_version
            AND later.stream = monitor_readings.stream AND later.at > monitor_readings.at
            AND later.at < date_trunc('hour', monitor_readings.at) + interval '1 hour'))`,
      config.RETENTION_MONITORING_DAYS,
    ),
    alerts: await deleteWhere('alerts', isOlder('closed_at', '$1'), config.RETENTION_MONITORING_DAYS),
    decisions: await deleteWhere(
      'retrain_decisions',
      `${isOlder('decided_at', '$1')} AND NOT EXISTS (SELECT 1 FROM reweightings r WHERE r.decision = retrain_decisions.id)`,
      config.RETENTION_MONITORING_DAYS,
    ),
    sessions: await deleteWhere('sessions', isOlder('expires_at', '$1'), 1),
  };
}
