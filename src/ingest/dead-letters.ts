import type { EntityManager } from 'typeorm';
import { writeOutbox } from '../suggest/outbox.js';
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

const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

const storableHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [storable(name), storable(value)]));
