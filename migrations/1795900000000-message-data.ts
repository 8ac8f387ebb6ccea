import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the service says of alerts, decisions and models as data too, so that pages can say it in other languages than English. */
export class MessageData1795900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE alerts ADD COLUMN saying jsonb, ADD COLUMN reason_saying jsonb');
    await runner.query('ALTER TABLE alert_events ADD COLUMN saying jsonb');
    await runner.query(`ALTER TABLE retrain_decisions ADD COLUMN sayings jsonb NOT NULL DEFAULT '[]'`);
    await runner.query('ALTER TABLE model_alias_moves ADD COLUMN saying jsonb');
    await runner.query('ALTER TABLE rollouts ADD COLUMN saying jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE rollouts DROP COLUMN saying');
    await runner.query('ALTER TABLE model_alias_moves DROP COLUMN saying');
    await runner.query('ALTER TABLE retrain_decisions DROP COLUMN sayings');
    await runner.query('ALTER TABLE alert_events DROP COLUMN saying');
    await runner.query('ALTER TABLE alerts DROP COLUMN saying, DROP COLUMN reason_saying');
  }
}
