import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an agent says of a template beside the reason. */
export class FlagNotes1795870000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE flags ADD COLUMN note text CHECK (note <> '')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE flags DROP COLUMN note');
  }
}
