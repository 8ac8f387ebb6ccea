import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The monitor counts tickets in windows of event time, and each window keeps a sample of its tickets. */
export class MonitorWindows1795990000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE monitor_buckets RENAME TO monitor_windows;
      ALTER TABLE monitor_windows RENAME COLUMN number TO id;
      ALTER TABLE monitor_windows RENAME COLUMN sums TO sample;
      ALTER SEQUENCE monitor_bucket_numbers RENAME TO monitor_window_ids;
      ALTER INDEX monitor_buckets_pkey RENAME TO monitor_windows_pkey;
      ALTER INDEX monitor_buckets_window RENAME TO monitor_windows_newest;
      ALTER TABLE observed_tickets RENAME COLUMN bucket TO window_id;
      ALTER TABLE monitor_states RENAME COLUMN looked_at TO evaluated_at;
      ALTER TABLE monitor_runner RENAME COLUMN looked_at TO last_run_at;
      ALTER TABLE monitor_runner RENAME COLUMN one TO singleton;
      UPDATE monitor_states SET state = jsonb_build_object('windowId', state -> 'bucket', 'activeAlarm', state -> 'standing',
        'detectors', state -> 'watch') WHERE state IS NOT NULL;
      UPDATE retrain_decisions SET detail = detail - 'mix' || jsonb_build_object('classPrior', detail -> 'mix')
        WHERE detail ? 'mix';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE retrain_decisions SET detail = detail - 'classPrior' || jsonb_build_object('mix', detail -> 'classPrior')
        WHERE detail ? 'classPrior';
      UPDATE monitor_states SET state = jsonb_build_object('bucket', state -> 'windowId', 'standing', state -> 'activeAlarm',
        'watch', state -> 'detectors') WHERE state IS NOT NULL;
      ALTER TABLE monitor_runner RENAME COLUMN singleton TO one;
      ALTER TABLE monitor_runner RENAME COLUMN last_run_at TO looked_at;
      ALTER TABLE monitor_states RENAME COLUMN evaluated_at TO looked_at;
      ALTER TABLE observed_tickets RENAME COLUMN window_id TO bucket;
      ALTER INDEX monitor_windows_newest RENAME TO monitor_buckets_window;
      ALTER INDEX monitor_windows_pkey RENAME TO monitor_buckets_pkey;
      ALTER SEQUENCE monitor_window_ids RENAME TO monitor_bucket_numbers;
      ALTER TABLE monitor_windows RENAME COLUMN sample TO sums;
      ALTER TABLE monitor_windows RENAME COLUMN id TO number;
      ALTER TABLE monitor_windows RENAME TO monitor_buckets;
    `);
  }
}
