import type { MigrationInterface, QueryRunner } from 'typeorm';

const columns = [
  ['alerts', 'saying', 'message'],
  ['alerts', 'reason_saying', 'reason_message'],
  ['alert_events', 'saying', 'message'],
  ['retrain_decisions', 'sayings', 'messages'],
  ['model_alias_moves', 'saying', 'message'],
  ['rollouts', 'saying', 'message'],
] as const;

/**
 * Sentences as data are localized messages, a key and its parameters. Parameters have new names: rows from before lose the data
 * and keep their English sentence.
 */
export class LocalizedMessages1795950000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, before, after] of columns) {
      const empty = after === 'messages' ? `'[]'` : 'NULL';
      await runner.query(`ALTER TABLE ${table} RENAME COLUMN ${before} TO ${after}`);
      await runner.query(`UPDATE ${table} SET ${after} = ${empty} WHERE ${after} IS DISTINCT FROM ${empty}`);
    }
    await runner.query(
      `UPDATE alerts SET evidence = jsonb_set(evidence, '{causes}',
         (SELECT coalesce(jsonb_agg(element.cause - 'saying'), '[]')
            FROM jsonb_array_elements(evidence -> 'causes') AS element (cause)))
       WHERE jsonb_typeof(evidence -> 'causes') = 'array'`,
    );
    await runner.query(
      `UPDATE training_runs SET verdict = jsonb_set(verdict, '{gates}',
         (SELECT coalesce(jsonb_agg(gate - 'said' - 'saying' || jsonb_build_object('detail', gate -> 'said')), '[]')
            FROM jsonb_array_elements(verdict -> 'gates') AS gate))
       WHERE jsonb_typeof(verdict -> 'gates') = 'array'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE training_runs SET verdict = jsonb_set(verdict, '{gates}',
         (SELECT coalesce(jsonb_agg(gate - 'detail' - 'message' || jsonb_build_object('said', gate -> 'detail')), '[]')
            FROM jsonb_array_elements(verdict -> 'gates') AS gate))
       WHERE jsonb_typeof(verdict -> 'gates') = 'array'`,
    );
    for (const [table, before, after] of columns) {
      await runner.query(`ALTER TABLE ${table} RENAME COLUMN ${after} TO ${before}`);
    }
  }
}
