import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The newest labels of one template are found without looking at all of them. */
export class LabelsOfATemplate1795900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX labels_of_a_template ON labels (template_id, labelled_at DESC, ticket DESC)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX labels_of_a_template');
  }
}
