import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When each scheduled job ended last; it replaces the job queue, whose schema is dropped. */
export class JobRuns1795985000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE job_runs (
        job          text PRIMARY KEY,
        last_run_at  timestamptz NOT NULL
      );
      DROP SCHEMA IF EXISTS graphile_worker CASCADE;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE job_runs');
  }
}
