import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tickets and their way: messages, ranking, suggestions, choices, labels; templates, models, access. */
export class Foundation1795392000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tickets (
        id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source       text NOT NULL CHECK (source ~ '^[a-z0-9._-]{1,64}$'),
        ticket_id    text NOT NULL,
        subject      text NOT NULL DEFAULT '',
        body         text NOT NULL DEFAULT '',
        channel      text,
        language     text,
        contact_type text,
        fields       jsonb NOT NULL DEFAULT '{}',
        content_at   timestamptz,
        state_at     timestamptz NOT NULL,
        received_at  timestamptz NOT NULL DEFAULT now(),
        updated_at   timestamptz NOT NULL DEFAULT now(),
        closed_at    timestamptz,
        answered_at  timestamptz,
        audit        boolean NOT NULL DEFAULT false,
        sample       boolean NOT NULL DEFAULT false,
        UNIQUE (source, ticket_id)
      );
      CREATE INDEX tickets_open ON tickets (received_at DESC, id DESC) WHERE closed_at IS NULL AND answered_at IS NULL;
      CREATE INDEX tickets_received ON tickets (received_at DESC, id DESC);
      CREATE INDEX tickets_customer ON tickets ((fields ->> 'customer.id')) WHERE fields ? 'customer.id';

      CREATE TABLE ticket_events (
        ticket   bigint NOT NULL REFERENCES tickets ON DELETE CASCADE,
        event_id text NOT NULL,
        PRIMARY KEY (ticket, event_id)
      );

      CREATE TABLE ticket_embeddings (
        ticket       bigint PRIMARY KEY REFERENCES tickets ON DELETE CASCADE,
        encoder_hash text NOT NULL,
        embedding    bytea NOT NULL,
        scale        real NOT NULL
      );

      CREATE TABLE rank_requests (
        ticket       bigint PRIMARY KEY REFERENCES tickets ON DELETE CASCADE,
        generation   integer NOT NULL DEFAULT 1,
        reason       text NOT NULL CHECK (reason IN ('arrived', 'updated', 'template', 'model')),
        priority     smallint NOT NULL DEFAULT 0,
        requested_at timestamptz NOT NULL DEFAULT now(),
        due_at       timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX rank_requests_due ON rank_requests (priority, due_at);

      CREATE TABLE suggestions (
        id                       uuid PRIMARY KEY,
        ticket                   bigint NOT NULL REFERENCES tickets ON DELETE CASCADE,
        revision                 integer NOT NULL,
        model_version            text NOT NULL,
        abstained                boolean NOT NULL,
        reason                   text,
        contact_type             text,
        contact_type_probability real,
        ranking                  jsonb NOT NULL,
        shown_probability        real NOT NULL,
        created_at               timestamptz NOT NULL DEFAULT now(),
        UNIQUE (ticket, revision)
      );

      CREATE TABLE outbox (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic      text NOT NULL,
        key        bytea,
        key_range  smallint NOT NULL,
        headers    jsonb NOT NULL DEFAULT '{}',
        value      bytea,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX outbox_range ON outbox (key_range, id);

      CREATE TABLE dead_letters (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic       text NOT NULL,
        partition   integer NOT NULL,
        "offset"    bigint NOT NULL,
        key         bytea,
        value       bytea,
        headers     jsonb NOT NULL DEFAULT '{}',
        reason      text NOT NULL,
        detail      text NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        replayed_at timestamptz
      );
      -- The bytes are part of it: a topic that was made anew counts its offsets from 0 again.
      CREATE UNIQUE INDEX dead_letters_position ON dead_letters (topic, partition, "offset", md5(coalesce(value, '')));
      CREATE INDEX dead_letters_received ON dead_letters (received_at);

      CREATE TABLE choices (
        id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source        text NOT NULL,
        ticket_id     text NOT NULL,
        choice_id     text NOT NULL,
        agent         text NOT NULL,
        occurred_at   timestamptz NOT NULL,
        outcome       text NOT NULL CHECK (outcome IN ('used', 'edited', 'other-template', 'own-reply', 'none-fits')),
        template_id   text,
        suggestion_id uuid,
        shown         jsonb,
        retracts      text,
        via           text NOT NULL,
        received_at   timestamptz NOT NULL DEFAULT now(),
        UNIQUE (source, choice_id),
        CHECK ((template_id IS NULL) = (outcome IN ('own-reply', 'none-fits')))
      );
      CREATE INDEX choices_ticket ON choices (source, ticket_id);

      CREATE TABLE labels (
        ticket            bigint PRIMARY KEY REFERENCES tickets ON DELETE CASCADE,
        template_id       text,
        provenance        text NOT NULL CHECK (provenance IN ('choice', 'history', 'correction', 'audit')),
        choice            bigint REFERENCES choices,
        position          integer,
        shown_probability real,
        labelled_at       timestamptz NOT NULL
      );
      CREATE INDEX labels_at ON labels (labelled_at DESC, ticket DESC);
      CREATE INDEX labels_choice ON labels (choice);

      CREATE TABLE templates (
        id            text PRIMARY KEY,
        title         text NOT NULL,
        body          text NOT NULL,
        contact_types text[] NOT NULL DEFAULT '{}',
        state         text NOT NULL CHECK (state IN ('draft', 'allowed', 'blocked', 'retired')),
        revision      integer NOT NULL DEFAULT 1,
        sample        boolean NOT NULL DEFAULT false,
        created_at    timestamptz NOT NULL DEFAULT now(),
        updated_at    timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE template_revisions (
        template_id   text NOT NULL REFERENCES templates,
        revision      integer NOT NULL,
        title         text NOT NULL,
        body          text NOT NULL,
        contact_types text[] NOT NULL,
        state         text NOT NULL,
        changed_by    text NOT NULL,
        changed_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (template_id, revision)
      );

      CREATE TABLE model_versions (
        version    text PRIMARY KEY,
        folder     text NOT NULL,
        metadata   jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE model_aliases (
        alias    text PRIMARY KEY CHECK (alias IN ('champion', 'challenger')),
        version  text NOT NULL REFERENCES model_versions,
        moved_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE model_alias_moves (
        id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        alias    text NOT NULL,
        version  text NOT NULL,
        actor    text NOT NULL,
        moved_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE api_tokens (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name       text NOT NULL,
        hash       bytea NOT NULL UNIQUE,
        role       text NOT NULL CHECK (role IN ('agent', 'lead', 'ml', 'admin')),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        revoked_at timestamptz
      );
      CREATE UNIQUE INDEX api_tokens_name ON api_tokens (name) WHERE revoked_at IS NULL;

      CREATE TABLE sessions (
        hash       bytea PRIMARY KEY,
        kind       text NOT NULL CHECK (kind IN ('session', 'link')),
        name       text NOT NULL,
        role       text NOT NULL CHECK (role IN ('agent', 'lead', 'ml', 'admin')),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL
      );

      CREATE TABLE audit_log (
        id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at     timestamptz NOT NULL DEFAULT now(),
        actor  text NOT NULL,
        action text NOT NULL,
        target text NOT NULL,
        detail jsonb NOT NULL DEFAULT '{}'
      );
      CREATE INDEX audit_log_at ON audit_log (at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE audit_log, sessions, api_tokens, model_alias_moves, model_aliases, model_versions, template_revisions,
        templates, labels, choices, dead_letters, outbox, suggestions, rank_requests, ticket_embeddings, ticket_events, tickets;
    `);
  }
}
