import type { EntityManager } from 'typeorm';
import { writeOutbox } from '../database/outbox.js';
import type { Rejection, RawMessage } from './envelope.js';

/** A message with its topic, partition and offset */
export interface ConsumedMessage extends RawMessage {
  topic: string;
  partition: number;
  offset: string;
  /** ms since 1970 */
  timestamp: number;
}

/** Header values must stay small. */
const maxDetailLength = 500;

/** Stores an invalid message and publishes it on the dead-letter topic, once per topic, partition and offset. */
export async function storeDeadLetter(
  manager: EntityManager,
  message: ConsumedMessage,
  { reason, detail }: Rejection,
  deadLetterTopic: string,
): Promise<void> {
  const shortDetail = detail.slice(0, maxDetailLength);
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
      shortDetail,
    ],
  );
  if (stored.length === 0) return;
  const headers = {
    ...message.headers,
    'replyrank-reason': reason,
    'replyrank-detail': shortDetail,
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
  /** The content, which may be personal data: only on request */
  message?: { key: Buffer | null; value: Buffer | null; headers: Record<string, string> };
}

/** Newest first */
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
 * Publishes dead letters again on the topic that they came from, with their original bytes, key and headers, through the
 * outbox. One that is still invalid becomes a new dead letter; it is not replayed automatically. A record batch that can't be read
 * is not published: as the value of one message it would be no ticket.
 *
 * @param which ids; or all that have not been replayed yet, with one reason or any
 * @returns the ids that were found and published
 */
export async function replayDeadLetters(
  manager: EntityManager,
  which: { ids: number[] } | { reason: string | null },
): Promise<number[]> {
  const letters: {
    id: number;
    topic: string;
    key: Buffer | null;
    value: Buffer | null;
    headers: Record<string, string>;
  }[] = await manager.query(
    `SELECT id, topic, key, value, headers FROM dead_letters
        WHERE CASE WHEN $1::bigint[] IS NULL THEN replayed_at IS NULL AND reason = coalesce($2, reason) ELSE id = ANY ($1) END
          AND reason <> 'unreadable-batch'
        ORDER BY id FOR UPDATE`,
    'ids' in which ? [which.ids, null] : [null, which.reason],
  );
  await writeOutbox(manager, letters);
  const found = letters.map(({ id }) => id);
  await manager.query('UPDATE dead_letters SET replayed_at = now() WHERE id = ANY ($1)', [found]);
  return found;
}

const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

const storableHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [storable(name), storable(value)]));
