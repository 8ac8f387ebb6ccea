import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The training of a team's first model is a run like the others. */
export class FirstRuns1795850000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE training_runs DROP CONSTRAINT training_runs_trigger_check,
        ADD CONSTRAINT training_runs_trigger_check CHECK (trigger IN ('schedule', 'decision', 'person', 'first'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM training_runs WHERE trigger = 'first';
      ALTER TABLE training_runs DROP CONSTRAINT training_runs_trigger_check,
        ADD CONSTRAINT training_runs_trigger_check CHECK (trigger IN ('schedule', 'decision', 'person'));
    `);
  }
}
