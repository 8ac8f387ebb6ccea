import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Columns named as the API names them. */
export class RequestedBy1795995000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE retrain_decisions RENAME COLUMN asked_by TO requested_by;
      ALTER TABLE training_runs RENAME COLUMN asked_by TO requested_by;
      ALTER TABLE training_runs RENAME COLUMN cancel_asked TO cancel_requested;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE training_runs RENAME COLUMN cancel_requested TO cancel_asked;
      ALTER TABLE training_runs RENAME COLUMN requested_by TO asked_by;
      ALTER TABLE retrain_decisions RENAME COLUMN requested_by TO asked_by;
    `);
  }
}
