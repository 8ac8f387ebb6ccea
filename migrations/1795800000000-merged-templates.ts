import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A template may be merged into another one, which its labels count for from then on. */
export class MergedTemplates1795800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE templates ADD COLUMN merged_into text REFERENCES templates,
        ADD CONSTRAINT templates_merged_are_retired CHECK (merged_into IS NULL OR state = 'retired' AND merged_into <> id);
      ALTER TABLE template_revisions ADD COLUMN merged_into text;
      -- Every template, and the one at the end of its chain of merges: itself where it was merged into none.
      CREATE RECURSIVE VIEW template_heirs (id, heir) AS
        SELECT id, id FROM templates WHERE merged_into IS NULL
        UNION ALL
        SELECT t.id, h.heir FROM templates t JOIN template_heirs h ON t.merged_into = h.id;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP VIEW template_heirs;
      ALTER TABLE template_revisions DROP COLUMN merged_into;
      ALTER TABLE templates DROP COLUMN merged_into;
    `);
  }
}
