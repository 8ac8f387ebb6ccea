import type { EntityManager } from 'typeorm';
import { writeOutbox } from '../database/outbox.js';
import type { DeadMessage, RawMessage } from './envelope.js';

/** A message with its place on its topic. */
export interface PlacedMessage extends RawMessage {
  topic: string;
  partition: number;
  offset: string;
}

/** A header value has to stay small whatever was wrong. */
const longestDetail = 500;

/** Keeps a message that could not be read, and publishes it on the dead-letter topic. Twice at the same place is once. */
export async function storeDeadLetter(
  manager: EntityManager,
  message: PlacedMessage,
  { reason, detail }: DeadMessage,
  deadLetterTopic: string,
): Promise<void> {
  const said = detail.slice(0, longestDetail);
  const stored: unknown[] = await manager.query(
    `INSERT INTO dead_letters (topic, partition, "offset", key, value, headers, reason, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id`,
    [
      message.topic,
      message.partition,
      message.offset,
      message.key,
      message.value,
      JSON.stringify(storableHeaders(message.headers)),
      reason,
      said,
    ],
  );
  if (stored.length === 0) return;
  const headers = {
    ...message.headers,
    'replyrank-reason': reason,
    'replyrank-detail': said,
    'replyrank-topic': message.topic,
    'replyrank-partition': String(message.partition),
    'replyrank-offset': message.offset,
  };
  await writeOutbox(manager, [
    { topic: deadLetterTopic, key: message.key, headers: storableHeaders(headers), value: message.value },
  ]);
}

export interface ListedDeadLetter {
  id: number;
  receivedAt: Date;
  topic: string;
  partition: number;
  offset: number;
  reason: string;
  detail: string;
  bytes: number;
  replayedAt: Date | null;
  /** What stands in it, which may be anybody's personal data: only where it was asked for. */
  message?: { key: Buffer | null; value: Buffer | null; headers: Record<string, string> };
}

/** The newest first. */
export async function listDeadLetters(
  manager: EntityManager,
  limit: number,
  { withMessage = false } = {},
): Promise<ListedDeadLetter[]> {
  const rows: (ListedDeadLetter & Required<ListedDeadLetter>['message'])[] = await manager.query(
    `SELECT id, received_at AS "receivedAt", topic, partition, "offset", reason, detail,
            coalesce(length(value), 0) AS bytes, replayed_at AS "replayedAt"${withMessage ? ', key, value, headers' : ''}
       FROM dead_letters ORDER BY id DESC LIMIT $1`,
    [limit],
  );
  if (!withMessage) return rows;
  return rows.map(({ key, value, headers, ...letter }) => ({ ...letter, message: { key, value, headers } }));
}

/**
 * Hands dead letters to the outbox, original bytes, key and headers, for the topic that they came from. One that is still
 * broken becomes a dead letter of its own: nothing goes round in a circle.
 *
 * @param which ids; or all that have not been replayed yet, of one reason or of any
 * @returns the ids of those that were found
 */
export async function replayDeadLetters(
  manager: EntityManager,
  which: { ids: number[] } | { reason: string | null },
): Promise<number[]> {
  const chosen: {
    id: number;
    topic: string;
    key: Buffer | null;
    value: Buffer | null;
    headers: Record<string, string>;
  }[] = await manager.query(
    `SELECT id, topic, key, value, headers FROM dead_letters
        WHERE CASE WHEN $1::bigint[] IS NULL THEN replayed_at IS NULL AND reason = coalesce($2, reason) ELSE id = ANY ($1) END
        ORDER BY id FOR UPDATE`,
    'ids' in which ? [which.ids, null] : [null, which.reason],
  );
  await writeOutbox(manager, chosen);
  const found = chosen.map(({ id }) => id);
  await manager.query('UPDATE dead_letters SET replayed_at = now() WHERE id = ANY ($1)', [found]);
  return found;
}

const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

const storableHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [storable(name), storable(value)]));
