import { createHash } from 'node:crypto';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Alert } from '../records/monitoring/alert.entity.js';
import { ApiToken } from '../records/access/api-token.entity.js';
import { AuditEntry } from '../records/access/audit-entry.entity.js';
import { Choice } from '../records/tickets/choice.entity.js';
import { DeadLetter } from '../records/tickets/dead-letter.entity.js';
import { Flag } from '../records/tickets/flag.entity.js';
import { Label } from '../records/tickets/label.entity.js';
import { ModelAliasMove } from '../records/models/model-alias-move.entity.js';
import { ModelAlias } from '../records/models/model-alias.entity.js';
import { ModelVersion } from '../records/models/model-version.entity.js';
import { ObservedTicket } from '../records/tickets/observed-ticket.entity.js';
import { OutboxMessage } from '../records/tickets/outbox-message.entity.js';
import { RankRequest } from '../records/tickets/rank-request.entity.js';
import { RetrainDecisionRow } from '../records/monitoring/retrain-decision.entity.js';
import { Reweighting } from '../records/monitoring/reweighting.entity.js';
import { Session } from '../records/access/session.entity.js';
import { Suggestion } from '../records/tickets/suggestion.entity.js';
import { TemplateRevision } from '../records/templates/template-revision.entity.js';
import { Template } from '../records/templates/template.entity.js';
import { TicketEmbedding } from '../records/tickets/ticket-embedding.entity.js';
import { TicketEvent } from '../records/tickets/ticket-event.entity.js';
import { Ticket } from '../records/tickets/ticket.entity.js';
import { TrainingRun } from '../records/models/training-run.entity.js';
import { User } from '../records/access/user.entity.js';
import { withLock } from './advisory-locks.js';
import { migrations } from './migrations.js';

const int8 = 20;

function getTypeParser(oid: number, format?: 'text'): unknown {
  return oid === int8 ? Number : (pg.types.getTypeParser as (oid: number, format?: 'text') => unknown)(oid, format);
}

/**
 * Names each statement with parameters after a hash of its text, so that PostgreSQL parses and plans it once per connection,
 * not once per call. For a small read, that was two thirds of the work.
 */
class PreparingClient extends pg.Client {
  override query(first: unknown, ...rest: unknown[]): never {
    const [values, ...remaining] = rest;
    const hasParameters = typeof first === 'string' && Array.isArray(values) && values.length > 0;
    const args = hasParameters ? [{ name: statementName(first), text: first, values }, ...remaining] : [first, ...rest];
    return (super.query.bind(this) as (...args: unknown[]) => never)(...args);
  }
}

const statementName = (text: string): string => createHash('sha1').update(text).digest('base64url');

/**
 * The data source of the database, not connected yet: the caller calls `initialize()`.
 *
 * bigint columns are read as numbers: all of them are row ids, Kafka offsets or counts, far below 2^53.
 *
 * @param url postgres://…
 * @param poolSize maximum number of connections of this process
 */
export function createDataSource(url: string, poolSize: number, onPoolError: (error: Error) => void): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    poolSize,
    poolErrorHandler: onPoolError,
    connectTimeoutMS: 5_000,
    applicationName: 'replyrank',
    extra: { types: { getTypeParser }, Client: PreparingClient },
    entities: [
      Alert,
      ApiToken,
      AuditEntry,
      Choice,
      DeadLetter,
      Flag,
      Label,
      ModelAlias,
      ModelAliasMove,
      ModelVersion,
      ObservedTicket,
      OutboxMessage,
      RankRequest,
      RetrainDecisionRow,
      Reweighting,
      Session,
      Suggestion,
      Template,
      TemplateRevision,
      Ticket,
      TicketEmbedding,
      TicketEvent,
      TrainingRun,
      User,
    ],
    migrations: [...migrations],
    migrationsTransactionMode: 'each',
    logging: false,
  });
}

/** The database is unreachable. The message never contains the password. */
export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';
}

/** Connects. @throws DatabaseUnreachable */
export async function connect(source: DataSource, url: string): Promise<DataSource> {
  try {
    return await source.initialize();
  } catch (error) {
    // For a host with several addresses, the error has one cause per address and no message.
    const { errors: [first] = [error] } = error as { errors?: unknown[] };
    const { host, pathname } = new URL(url);
    const place = `${host}${pathname}`;
    throw new DatabaseUnreachable(
      `DATABASE_URL: could not connect to PostgreSQL at ${place}: ${(first as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Migrates the schema. Safe to call from several replicas at once: one migrates, the others wait.
 *
 * @returns the names of the migrations that were run
 */
export async function migrate(source: DataSource): Promise<string[]> {
  return withLock(source, 'migration', async () => {
    const done = await source.runMigrations();
    return done.map((migration) => migration.name);
  });
}
