import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';

/** Number of key ranges. One relay at a time serves a range, so that messages with the same key stay in order. */
export const outboxRanges = 8;

/** A message to publish once its transaction is committed */
export interface OutgoingMessage {
  topic: string;
  key: Buffer | null;
  headers?: Record<string, string>;
  value: Buffer | null;
}

/** The range of a key, the same in all replicas and versions */
export function keyRange(key: Buffer | null): number {
  return key ? createHash('sha1').update(key).digest().readUInt32BE(0) % outboxRanges : 0;
}

/** Writes messages into the outbox, in order, in the transaction of the change that they describe. */
export async function writeOutbox(manager: EntityManager, messages: OutgoingMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await manager.query(
    `INSERT INTO outbox (topic, key, key_range, headers, value)
     SELECT * FROM unnest($1::text[], $2::bytea[], $3::smallint[], $4::jsonb[], $5::bytea[])`,
    [
      messages.map(({ topic }) => topic),
      messages.map(({ key }) => key),
      messages.map(({ key }) => keyRange(key)),
      messages.map(({ headers }) => JSON.stringify(headers ?? {})),
      messages.map(({ value }) => value),
    ],
  );
}
