import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the labels of one template, the newest first. */
export class TemplateStatistics1795820000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX labels_template ON labels (template_id, labelled_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX labels_template');
  }
}
