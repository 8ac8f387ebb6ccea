import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What agents find wrong with suggested templates. */
export class Flags1795650000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE flags (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        ticket      bigint NOT NULL REFERENCES tickets ON DELETE CASCADE,
        flag_id     text NOT NULL,
        template_id text NOT NULL REFERENCES templates,
        reason      text NOT NULL CHECK (reason IN ('wrong', 'outdated', 'sensitive', 'unclear', 'typo')),
        agent       text NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now(),
        UNIQUE (ticket, flag_id)
      );
      CREATE INDEX flags_template ON flags (template_id, created_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE flags');
  }
}
