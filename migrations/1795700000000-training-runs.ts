import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Training runs, and rollouts of versions beside the champion. */
export class TrainingRuns1795700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE training_runs (
        id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        trigger       text NOT NULL CHECK (trigger IN ('schedule', 'decision', 'person')),
        asked_by      text NOT NULL,
        decision      bigint UNIQUE,
        state         text NOT NULL DEFAULT 'queued'
                      CHECK (state IN ('queued', 'running', 'compared', 'promoted', 'kept', 'failed', 'cancelled')),
        phase         text,
        progress      real,
        note          text,
        arguments     jsonb NOT NULL DEFAULT '{}',
        curves        jsonb NOT NULL DEFAULT '[]',
        challenger    text,
        champion      text,
        held_out_from jsonb,
        comparison    jsonb,
        verdict       jsonb,
        error         text,
        runner        text,
        lease_until   timestamptz,
        attempts      integer NOT NULL DEFAULT 0,
        cancel_asked  boolean NOT NULL DEFAULT false,
        created_at    timestamptz NOT NULL DEFAULT now(),
        started_at    timestamptz,
        ended_at      timestamptz
      );
      -- Never two at once: the database says so, not the replicas' manners.
      CREATE UNIQUE INDEX training_runs_unfinished ON training_runs ((true)) WHERE state IN ('queued', 'running');

      ALTER TABLE model_alias_moves ADD COLUMN reason text;

      CREATE TABLE rollouts (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        version    text NOT NULL REFERENCES model_versions ON DELETE CASCADE,
        mode       text NOT NULL CHECK (mode IN ('shadow', 'canary')),
        share      real NOT NULL CHECK (share > 0 AND share <= 1),
        run        bigint REFERENCES training_runs ON DELETE SET NULL,
        started_by text NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        ended_at   timestamptz,
        outcome    text CHECK (outcome IN ('promoted', 'rolled-back', 'ended')),
        reason     text
      );
      CREATE UNIQUE INDEX rollouts_active ON rollouts ((true)) WHERE ended_at IS NULL;

      CREATE TABLE shadow_rankings (
        ticket     bigint NOT NULL REFERENCES tickets ON DELETE CASCADE,
        version    text NOT NULL,
        abstained  boolean NOT NULL,
        ranking    jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (ticket, version)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE shadow_rankings, rollouts, training_runs;
      ALTER TABLE model_alias_moves DROP COLUMN reason;
    `);
  }
}
