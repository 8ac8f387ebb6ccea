import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People with a password, sessions that belong to one of them, tokens that only read. */
export class Users1795600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name            text NOT NULL,
        role            text NOT NULL CHECK (role IN ('agent', 'lead', 'ml', 'admin')),
        password_hash   text NOT NULL,
        failed_attempts integer NOT NULL DEFAULT 0,
        locked_until    timestamptz,
        created_at      timestamptz NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX users_name ON users (lower(name));

      ALTER TABLE sessions ADD COLUMN user_id bigint REFERENCES users ON DELETE CASCADE;
      CREATE INDEX sessions_user ON sessions (user_id) WHERE user_id IS NOT NULL;

      ALTER TABLE api_tokens ADD COLUMN read_only boolean NOT NULL DEFAULT false;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_tokens DROP COLUMN read_only;
      ALTER TABLE sessions DROP COLUMN user_id;
      DROP TABLE users;
    `);
  }
}
