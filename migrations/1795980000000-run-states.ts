import type { MigrationInterface, QueryRunner } from 'typeorm';

const states = (names: string[]): string => `
  ALTER TABLE training_runs DROP CONSTRAINT training_runs_state_check;
  UPDATE training_runs SET state = CASE state WHEN 'compared' THEN 'rollout' WHEN 'rollout' THEN 'compared'
                                              WHEN 'kept' THEN 'rejected' WHEN 'rejected' THEN 'kept' ELSE state END;
  ALTER TABLE training_runs ADD CONSTRAINT training_runs_state_check
    CHECK (state IN (${names.map((name) => `'${name}'`).join(', ')}))`;

const gates = {
  sandbox: 'loads',
  enough: 'sample-size',
  'own-answers': 'differs-from-champion',
  better: 'superiority',
  'not-worse': 'non-inferiority',
  shown: 'utility',
  slices: 'slice-regressions',
  calibrated: 'calibration',
  speed: 'latency',
  reference: 'drift-reference',
};

/** @param names new gate ids by old ones */
const renameGates = (names: Record<string, string>): string => `
  UPDATE training_runs SET verdict = jsonb_set(verdict, '{gates}', (
    SELECT coalesce(jsonb_agg(g.gate || jsonb_build_object('gate',
             coalesce('${JSON.stringify(names)}'::jsonb ->> (g.gate ->> 'gate'), g.gate ->> 'gate')) ORDER BY g.position), '[]')
      FROM jsonb_array_elements(verdict -> 'gates') WITH ORDINALITY AS g (gate, position)))
   WHERE verdict IS NOT NULL`;

/** Training runs and promotion gates carry the names of clinical and machine-learning practice. */
export class RunStates1795980000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(states(['queued', 'running', 'rollout', 'promoted', 'rejected', 'failed', 'cancelled']));
    await runner.query(renameGates(gates));
    await runner.query('ALTER TABLE rollouts RENAME COLUMN standing TO result');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE rollouts RENAME COLUMN result TO standing');
    await runner.query(
      renameGates(Object.fromEntries(Object.entries(gates).map(([before, after]) => [after, before]))),
    );
    await runner.query(states(['queued', 'running', 'compared', 'promoted', 'kept', 'failed', 'cancelled']));
  }
}
