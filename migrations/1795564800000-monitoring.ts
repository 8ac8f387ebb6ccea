import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the monitor counts, what it found, what was decided, and the weights that a decision has put into service. */
export class Monitoring1795564800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE observed_tickets (
        ticket        bigint PRIMARY KEY REFERENCES tickets ON DELETE CASCADE,
        model_version text NOT NULL,
        stream        text NOT NULL CHECK (stream IN ('tickets', 'sample')),
        occurred_at   timestamptz NOT NULL,
        abstained     boolean NOT NULL,
        reason        text,
        entropy       double precision,
        words         integer NOT NULL,
        unknown_share double precision,
        fingerprint   text NOT NULL,
        unweighted    jsonb,
        bucket        bigint,
        outcome       text CHECK (outcome IN ('due', 'counted'))
      );
      CREATE INDEX observed_tickets_pending ON observed_tickets (occurred_at) WHERE bucket IS NULL;
      CREATE INDEX observed_tickets_outcome ON observed_tickets (ticket) WHERE outcome = 'due';
      CREATE INDEX observed_tickets_window ON observed_tickets (model_version, stream, occurred_at DESC);

      CREATE SEQUENCE monitor_bucket_numbers AS bigint;
      CREATE TABLE monitor_buckets (
        number        bigint PRIMARY KEY DEFAULT nextval('monitor_bucket_numbers'),
        model_version text NOT NULL,
        stream        text NOT NULL,
        starts_at     timestamptz NOT NULL,
        ends_at       timestamptz NOT NULL,
        level         smallint NOT NULL DEFAULT 0,
        tickets       integer NOT NULL,
        late          integer NOT NULL,
        sums          jsonb NOT NULL
      );
      ALTER SEQUENCE monitor_bucket_numbers OWNED BY monitor_buckets.number;
      CREATE INDEX monitor_buckets_window ON monitor_buckets (model_version, stream, ends_at DESC);

      CREATE TABLE monitor_states (
        model_version text NOT NULL,
        stream        text NOT NULL,
        started_at    timestamptz NOT NULL DEFAULT now(),
        looked_at     timestamptz,
        tickets       bigint NOT NULL DEFAULT 0,
        state         jsonb,
        findings      jsonb NOT NULL DEFAULT '[]',
        PRIMARY KEY (model_version, stream)
      );
      CREATE TABLE monitor_readings (
        model_version text NOT NULL,
        stream        text NOT NULL,
        at            timestamptz NOT NULL,
        readings      jsonb NOT NULL,
        PRIMARY KEY (model_version, stream, at)
      );
      CREATE TABLE monitor_runner (
        one       boolean PRIMARY KEY DEFAULT true CHECK (one),
        looked_at timestamptz NOT NULL
      );

      CREATE TABLE alerts (
        id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        model_version text NOT NULL,
        stream        text NOT NULL,
        cause         text NOT NULL,
        state         text NOT NULL CHECK (state IN ('open', 'acknowledged', 'snoozed', 'closed')),
        active        boolean NOT NULL,
        action        text NOT NULL,
        headline      text NOT NULL,
        owner         text,
        reason        text,
        snoozed_until timestamptz,
        opened_at     timestamptz NOT NULL,
        seen_at       timestamptz NOT NULL,
        closed_at     timestamptz,
        findings      jsonb NOT NULL,
        evidence      jsonb NOT NULL,
        UNIQUE (model_version, stream, cause),
        CHECK ((state = 'snoozed') = (snoozed_until IS NOT NULL)),
        CHECK ((state = 'closed') = (closed_at IS NOT NULL))
      );
      CREATE TABLE alert_events (
        id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        alert  bigint NOT NULL REFERENCES alerts ON DELETE CASCADE,
        at     timestamptz NOT NULL,
        actor  text NOT NULL,
        kind   text NOT NULL CHECK (kind IN ('opened', 'updated', 'acknowledged', 'snoozed', 'closed', 'reopened')),
        reason text,
        detail jsonb NOT NULL DEFAULT '{}'
      );
      CREATE INDEX alert_events_alert ON alert_events (alert, id);
      CREATE TABLE alert_examples (
        alert  bigint NOT NULL REFERENCES alerts ON DELETE CASCADE,
        ticket bigint NOT NULL REFERENCES tickets ON DELETE CASCADE,
        place  integer NOT NULL,
        PRIMARY KEY (alert, ticket)
      );
      CREATE INDEX alert_examples_ticket ON alert_examples (ticket);
      CREATE TABLE alert_deliveries (
        event    bigint PRIMARY KEY REFERENCES alert_events ON DELETE CASCADE,
        due_at   timestamptz NOT NULL DEFAULT now(),
        attempts integer NOT NULL DEFAULT 0
      );

      CREATE TABLE retrain_decisions (
        id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        decided_at    timestamptz NOT NULL DEFAULT now(),
        model_version text NOT NULL,
        stream        text NOT NULL DEFAULT 'tickets',
        action        text NOT NULL CHECK (action IN ('repair', 'reweight', 'record', 'label-first', 'retrain', 'none')),
        reasons       jsonb NOT NULL,
        asked_by      text NOT NULL,
        alert         bigint REFERENCES alerts ON DELETE SET NULL,
        detail        jsonb NOT NULL DEFAULT '{}'
      );
      CREATE INDEX retrain_decisions_at ON retrain_decisions (decided_at DESC, id DESC);
      CREATE INDEX retrain_decisions_action ON retrain_decisions (action, id DESC) WHERE action <> 'none';

      CREATE TABLE reweightings (
        id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        model_version text NOT NULL,
        decision      bigint NOT NULL REFERENCES retrain_decisions,
        weights       jsonb NOT NULL,
        started_at    timestamptz NOT NULL DEFAULT now(),
        ended_at      timestamptz,
        ended_by      text
      );
      CREATE UNIQUE INDEX reweightings_active ON reweightings (model_version) WHERE ended_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE reweightings, retrain_decisions, alert_deliveries, alert_examples, alert_events, alerts, monitor_runner,
        monitor_readings, monitor_states, monitor_buckets, observed_tickets;
    `);
  }
}
