import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The latest result of a rollout against the champion. */
export class RolloutStanding1795750000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE rollouts ADD COLUMN pairs integer NOT NULL DEFAULT 0, ADD COLUMN standing text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE rollouts DROP COLUMN pairs, DROP COLUMN standing`);
  }
}
