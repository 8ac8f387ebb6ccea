import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A signed-in window hands its session over to a frame of ours inside a helpdesk, where its cookie does not reach. */
export class HandOver1795860000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions DROP CONSTRAINT sessions_kind_check;
      ALTER TABLE sessions ADD CONSTRAINT sessions_kind_check CHECK (kind IN ('session', 'link', 'hand-over'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM sessions WHERE kind = 'hand-over';
      ALTER TABLE sessions DROP CONSTRAINT sessions_kind_check;
      ALTER TABLE sessions ADD CONSTRAINT sessions_kind_check CHECK (kind IN ('session', 'link'));
    `);
  }
}
