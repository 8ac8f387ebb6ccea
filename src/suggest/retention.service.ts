/**
 * Deletes what has been kept long enough, every night. The job lies in PostgreSQL (graphile-worker), so one of the replicas
 * does it, and a night that was missed is made up for.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Logger as WorkerLogger, run, type Runner } from 'graphile-worker';
import { DataSource } from 'typeorm';
import { CONFIG, type ServiceConfig } from '../config.js';

const nightly = '17 3 * * * retention ?fill=1d&max=5';
const rowsAtOnce = 1000;

export type RetentionConfig = Pick<
  ServiceConfig,
  'RETENTION_TICKETS_DAYS' | 'RETENTION_DEAD_LETTERS_DAYS' | 'RETENTION_AUDIT_LOG_DAYS'
>;

@Injectable()
export class RetentionService {
  private readonly logger = new Logger('Retention');
  private runner: Runner | null = null;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {}

  async start(): Promise<void> {
    this.runner = await run({
      connectionString: this.config.DATABASE_URL,
      maxPoolSize: 2,
      concurrency: 1,
      noHandleSignals: true,
      pollInterval: 30_000,
      crontab: nightly,
      logger: new WorkerLogger(() => (level, message) => {
        if (['error', 'warning'].includes(level)) this.logger.warn(message);
        else this.logger.debug(message);
      }),
      taskList: {
        retention: async () => {
          const erased = await eraseExpired(this.dataSource, this.config);
          this.logger.log(`erased ${JSON.stringify(erased)}`);
        },
      },
    });
    this.runner.promise.catch((error: unknown) => {
      this.logger.error(`the nightly clean-up has ended until the next start: ${String(error)}`);
    });
  }

  async stop(): Promise<void> {
    await this.runner?.stop();
    this.runner = null;
  }
}

export interface Erased {
  tickets: number;
  choices: number;
  deadLetters: number;
  auditEntries: number;
  sessions: number;
}

/** Deletes what is older than its table's retention, in portions: no lock is held for long. */
export async function eraseExpired(dataSource: DataSource, config: RetentionConfig): Promise<Erased> {
  const old = (column: string, days: string): string => `${column} < now() - make_interval(days => ${days})`;
  return {
    // Counted from when a ticket was last touched here: history that was imported yesterday is not old.
    tickets: await eraseAll(
      dataSource,
      'tickets',
      `(closed_at IS NOT NULL OR answered_at IS NOT NULL) AND ${old('updated_at', '$1')}`,
      config.RETENTION_TICKETS_DAYS,
    ),
    choices: await eraseAll(
      dataSource,
      'choices',
      `${old('received_at', '$1')} AND NOT EXISTS (
         SELECT 1 FROM tickets t WHERE t.source = choices.source AND t.ticket_id = choices.ticket_id)`,
      config.RETENTION_TICKETS_DAYS,
    ),
    deadLetters: await eraseAll(
      dataSource,
      'dead_letters',
      old('received_at', '$1'),
      config.RETENTION_DEAD_LETTERS_DAYS,
    ),
    auditEntries: await eraseAll(dataSource, 'audit_log', old('at', '$1'), config.RETENTION_AUDIT_LOG_DAYS),
    sessions: await eraseAll(dataSource, 'sessions', old('expires_at', '$1'), 1),
  };
}

async function eraseAll(dataSource: DataSource, table: string, condition: string, days: number): Promise<number> {
  let erased = 0;
  for (;;) {
    const [, count]: [unknown, number] = await dataSource.query(
      `DELETE FROM ${table} WHERE ctid IN (SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${rowsAtOnce})`,
      [days],
    );
    erased += count;
    if (count < rowsAtOnce) return erased;
  }
}
