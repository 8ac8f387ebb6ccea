/** What the reader of a topic does where storing takes long, or the offset can't be committed: on a real broker. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServiceConfig } from '../../../src/config/config.js';
import type { ConsumedMessage } from '../../../src/ingest/dead-letters.js';
import { IngestMetrics } from '../../../src/ingest/ingest-metrics.js';
import { fetchCommitted } from '../../../src/ingest/kafka.js';
import { TopicReader } from '../../../src/ingest/consumer/topic-reader.js';
import { produce, testConfig, testKafka } from '../../support/kafka.js';
import { waitFor } from '../../support/waiting.js';

let config: ServiceConfig;
let kafka: Kafka;
let reader: TopicReader | undefined;
beforeEach(async () => {
  config = testConfig('postgres://nobody@nowhere/none');
  kafka = await testKafka(config);
});
afterEach(() => reader?.stop());

/** Starts a reader. @returns the values of each chunk that it stores, as they come */
async function read(storeBatch: (values: string[]) => Promise<void>): Promise<string[][]> {
  const chunks: string[][] = [];
  const handler = {
    topic: config.TOPIC_TICKETS,
    isFull: () => Promise.resolve(false),
    deadLetter: () => Promise.reject(new Error('there is no dead letter')),
    storeBatch: async (messages: ConsumedMessage[]) => {
      const values = messages.map(({ value }) => String(value));
      chunks.push(values);
      await storeBatch(values);
    },
  };
  reader = new TopicReader(kafka, config.KAFKA_GROUP, handler, new IngestMetrics(new Registry()));
  await reader.start();
  return chunks;
}

const send = (values: string[]) =>
  produce(
    kafka,
    config.TOPIC_TICKETS,
    values.map((value) => ({ value, partition: 0 })),
  );
const waitForCommit = (offset: number) =>
  waitFor(
    `offset ${offset} to be committed`,
    () => fetchCommitted(kafka, config.KAFKA_GROUP, config.TOPIC_TICKETS),
    (committed) => committed.get(0) === offset,
  );

test('a chunk that takes longer than the session timeout is read once', async () => {
  await send(['a', 'b']);
  const chunks = await read(() => sleep(13_000));
  await waitForCommit(2);
  expect(chunks).toEqual([['a', 'b']]);
});

test('a chunk that can not be committed is taken apart after two attempts, so that reading goes on', async () => {
  await send(['a', 'b', 'c']);
  const chunks = await read(async (values) => {
    if (values.length > 1) await removeMembers();
  });
  await waitForCommit(3);
  expect(chunks).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], ['a'], ['b'], ['c']]);
});

/** As the broker does with a member that it takes for dead: its next commit fails. */
async function removeMembers(): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([config.KAFKA_GROUP]);
  await admin.disconnect();
  for (const { memberId } of groups[0]?.members ?? []) await leaveGroup(memberId);
}

/** The request LeaveGroup, version 0 */
async function leaveGroup(memberId: string): Promise<void> {
  const number = (value: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeIntBE(value, 0, bytes);
    return buffer;
  };
  const string = (text: string): Buffer => Buffer.concat([number(text.length, 2), Buffer.from(text)]);
  const header = [number(13, 2), number(0, 2), number(1, 4), string('test')];
  const request = Buffer.concat([...header, string(config.KAFKA_GROUP), string(memberId)]);
  const [host = '', port = ''] = (config.KAFKA_BROKERS[0] ?? '').split(':');
  const socket = connect(Number(port), host);
  socket.write(Buffer.concat([number(request.length, 4), request]));
  const [response] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(response.readInt16BE(8)).toBe(0);
}
