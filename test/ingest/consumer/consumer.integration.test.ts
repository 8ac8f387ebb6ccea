/** The consumer on topics as real brokers have them: all codecs, transactions, compaction, retention, new partitions. */
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import kafkajs, { type Admin } from 'kafkajs';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { replayDeadLetters } from '../../../src/ingest/dead-letters.js';
import { ReaderThread } from '../../../src/ingest/reader-thread.js';
import { ingestStage, type IngestStage } from '../../support/ingest.js';
import { testConfig } from '../../support/kafka.js';
import { aTicket } from '../../support/tickets.js';
import { waitFor } from '../../support/waiting.js';

let stage: IngestStage;
afterEach(() => stage.stop());

const message = (ticketId: string, partition?: number) => ({
  key: `helpdesk:${ticketId}`,
  value: JSON.stringify(aTicket(ticketId)),
  ...(partition !== undefined && { partition }),
});
const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

async function storedIds(): Promise<string[]> {
  const rows = await stage.query<{ ticket_id: string }>('SELECT ticket_id FROM tickets');
  return rows.map(({ ticket_id: id }) => id).toSorted();
}

const waitForStored = (expected: string[]) =>
  waitFor(`${expected.length} tickets`, storedIds, (stored) => stored.length >= expected.length);

/** Sum of a metric of the tickets topic over all partitions */
async function total(metric: string): Promise<number> {
  const { values = [] } = (await stage.registry.getSingleMetric(metric)?.get()) ?? {};
  return values
    .filter(({ labels }) => labels.topic === stage.config.TOPIC_TICKETS)
    .reduce((sum, { value }) => sum + value, 0);
}

/** Has everything been read, also by its own account? */
async function expectAllRead(): Promise<void> {
  await waitFor(
    'no lag',
    () => total('replyrank_consumer_lag'),
    (lag) => lag === 0,
  );
  expect(stage.tickets.health.stall(Date.now() + 70_000)).toBeNull();
  await stage.allRead();
}

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = stage.kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A stage whose topic of tickets has these settings from the beginning */
async function stageWithTopic(settings: Record<string, string>, start = true): Promise<IngestStage> {
  const {
    KAFKA_BROKERS,
    TOPIC_TICKETS: topic,
    TOPIC_PARTITIONS: numPartitions,
  } = testConfig('postgres://nobody@nowhere/none');
  const admin = new kafkajs.Kafka({ brokers: KAFKA_BROKERS, logLevel: kafkajs.logLevel.ERROR }).admin();
  await admin.connect();
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }] });
  await admin.disconnect();
  return ingestStage({ TOPIC_TICKETS: topic }, start);
}

const logFolder = (partition: number): string =>
  join(inject('runDir'), 'kafka', `${stage.config.TOPIC_TICKETS}-${partition}`);

/** Contents of the segments that are not empty */
async function segments(partition: number): Promise<Buffer[]> {
  const logs = (await readdir(logFolder(partition))).filter((name) => name.endsWith('.log'));
  const contents = await Promise.all(logs.map((name) => readFile(join(logFolder(partition), name))));
  return contents.filter(({ length }) => length > 0);
}

const deleteRecords = (offset: string) =>
  withAdmin(async (admin) => {
    const { TOPIC_TICKETS: topic } = stage.config;
    // Without it, the client does not know who leads the partition.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });

describe('tickets', () => {
  test.each([
    ['gzip', 1],
    ['snappy', 2],
    ['lz4', 3],
    ['zstd', 4],
  ])('on a topic that the broker compresses with %s are all stored', async (codec, number) => {
    stage = await stageWithTopic({ 'compression.type': codec });
    await stage.send(ids(codec, 50).map((id) => message(id, 0)));
    await waitForStored(ids(codec, 50));
    expect(await storedIds()).toEqual(ids(codec, 50).toSorted());
    await expectAllRead();
    expect(await total('replyrank_unreadable_batches_total')).toBe(0);
    const [segment] = await segments(0);
    expect((segment?.readInt16BE(21) ?? 0) & 7).toBe(number);
  });

  test('after a batch that can not be read, and in other partitions, are stored; the batch is a dead letter', async () => {
    stage = await stageWithTopic({ 'compression.type': 'zstd' }, false);
    await stage.send(ids('damaged', 3).map((id) => message(id, 1)));
    await damageLog(1);
    const [damaged] = await segments(1);
    await stage.send(['after-1', 'after-2'].map((id) => message(id, 1)));
    await stage.send([message('other', 2)]);
    await Promise.all([stage.tickets.start(), stage.relay.start()]);
    await waitForStored(['after-1', 'after-2', 'other']);
    expect(await storedIds()).toEqual(['after-1', 'after-2', 'other']);
    const { TOPIC_TICKETS: topic } = stage.config;
    const letters = await stage.query<{ detail: string; value: Buffer }>('SELECT * FROM dead_letters');
    expect(letters).toMatchObject([{ topic, partition: 1, offset: 0, reason: 'unreadable-batch' }]);
    expect(letters[0]?.detail).toMatch(/^the zstd batch of 3 records at offsets 0 to 2 /);
    // The first 8 bytes and the next epoch are the broker's: it sends the rest as it is stored.
    expect(letters[0]?.value.subarray(16).equals(damaged?.subarray(16) ?? Buffer.alloc(0))).toBe(true);
    // As the value of one message it would be no ticket.
    const { source } = stage.database;
    expect(await source.transaction((manager) => replayDeadLetters(manager, { reason: null }))).toEqual([]);
    await expectAllRead();
    expect(await total('replyrank_unreadable_batches_total')).toBe(1);
    expect(stage.tickets.health.unreadableBatches()).toMatchObject([
      { topic, partition: 1, codec: 'zstd', firstOffset: '0', lastOffset: '2' },
    ]);
  });

  /** Changes the last byte of the partition's log, as a failing disk does: the broker sends it unchecked. */
  async function damageLog(partition: number): Promise<void> {
    const segment = (await readdir(logFolder(partition))).find((name) => name.endsWith('.log')) ?? '';
    const file = await open(join(logFolder(partition), segment), 'r+');
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    await file.write(Buffer.from([last.readUInt8(0) ^ 0xff]), 0, 1, size - 1);
    await file.close();
  }

  test('of a committed transaction are stored, of an aborted one not, and the markers leave no lag', async () => {
    stage = await ingestStage();
    const producer = stage.kafka.producer({
      transactionalId: `helpdesk-${stage.config.KAFKA_GROUP}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    for (const name of ['committed', 'aborted', 'committed-too', 'aborted-too']) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: stage.config.TOPIC_TICKETS, messages: ids(name, 3).map((id) => message(id, 0)) });
      if (name.startsWith('committed')) await transaction.commit();
      else await transaction.abort();
    }
    await producer.disconnect();
    const committed = [...ids('committed', 3), ...ids('committed-too', 3)];
    await waitForStored(committed);
    await expectAllRead();
    expect(await storedIds()).toEqual(committed.toSorted());
  });

  test('behind an open transaction are no stall: there is nothing to read yet', async () => {
    stage = await ingestStage();
    const producer = stage.kafka.producer({
      transactionalId: `open-${stage.config.KAFKA_GROUP}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: stage.config.TOPIC_TICKETS, messages: [message('open', 0)] });
    await stage.send([message('behind', 0)]);
    await stage.send([message('other', 1)]);
    await waitForStored(['other']);
    await waitFor(
      'no lag',
      () => total('replyrank_consumer_lag'),
      (lag) => lag === 0,
    );
    expect(stage.tickets.health.stall(Date.now() + 70_000)).toBeNull();
    await transaction.commit();
    await producer.disconnect();
    await waitForStored(['open', 'behind', 'other']);
    await expectAllRead();
  });

  test('on a compacted topic are stored, and what was compacted counts as read, not as lost', async () => {
    const settings = {
      'cleanup.policy': 'compact',
      'segment.ms': '50',
      'min.cleanable.dirty.ratio': '0.001',
      'max.compaction.lag.ms': '100',
    };
    stage = await stageWithTopic(settings, false);
    const update = (body: string) => ({ ...message('same', 0), value: JSON.stringify(aTicket('same', { body })) });
    // Each send begins a new segment; only the newest is never compacted.
    for (const body of ['first', 'second', 'third', 'fourth']) {
      await stage.send([update(body)]);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await waitFor(
      'compaction',
      () => segments(0),
      ({ length }) => length < 4,
    );
    await Promise.all([stage.tickets.start(), stage.relay.start()]);
    await waitForStored(['same']);
    await expectAllRead();
    expect(await stage.query('SELECT body FROM tickets')).toEqual([{ body: 'fourth' }]);
    expect(await total('replyrank_consumer_lost_records_total')).toBe(0);
  });

  test('in new partitions are stored, and the lag of these is shown', async () => {
    stage = await ingestStage();
    const { TOPIC_TICKETS: topic } = stage.config;
    await waitFor(
      'four partitions',
      () => stage.tickets.health.assigned(),
      ({ length }) => length === 4,
    );
    await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] }));
    await waitFor(
      'six partitions',
      () => stage.tickets.health.assigned(),
      ({ length }) => length === 6,
    );
    await stage.send([message('in-5', 5), message('in-4', 4)]);
    await waitForStored(['in-4', 'in-5']);
    await expectAllRead();
    const { values = [] } = (await stage.registry.getSingleMetric('replyrank_consumer_lag')?.get()) ?? {};
    const shown = values.filter(({ labels }) => labels.topic === topic).map(({ labels }) => labels.partition);
    expect(shown.toSorted()).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  test('that retention removed before they were read are counted, and the rest is stored once', async () => {
    stage = await ingestStage();
    await stage.send(ids('early', 10).map((id) => message(id, 0)));
    await waitForStored(ids('early', 10));
    await expectAllRead();
    await stage.tickets.stop();
    await stage.send(ids('late', 20).map((id) => message(id, 0)));
    await deleteRecords('25');
    await stage.tickets.start();
    const rest = ids('late', 20).slice(15);
    await waitForStored([...ids('early', 10), ...rest]);
    await expectAllRead();
    await waitFor(
      '15 lost records',
      () => total('replyrank_consumer_lost_records_total'),
      (lost) => lost === 15,
    );
    expect(await storedIds()).toEqual([...ids('early', 10), ...rest].toSorted());
  });

  test('that retention removed altogether are counted while nothing new arrives', async () => {
    stage = await ingestStage();
    await stage.send([message('early', 0)]);
    await waitForStored(['early']);
    await stage.tickets.stop();
    await stage.send(ids('late', 7).map((id) => message(id, 0)));
    await deleteRecords('-1');
    await stage.tickets.start();
    await waitFor(
      '7 lost records',
      () => total('replyrank_consumer_lost_records_total'),
      (lost) => lost === 7,
    );
    await waitFor(
      'no lag',
      () => total('replyrank_consumer_lag'),
      (lag) => lag === 0,
    );
    expect(stage.tickets.health.stall(Date.now() + 70_000)).toBeNull();
  });
});

describe('a message without a value', () => {
  const tombstone = (ticketId: string) => ({ key: `helpdesk:${ticketId}`, value: null });
  const closed = () => stage.query('SELECT ticket_id, closed_at IS NOT NULL AS closed FROM tickets');

  test('is a dead letter by default, and leaves its ticket open', async () => {
    stage = await ingestStage();
    await stage.send([message('1'), tombstone('1')]);
    await stage.allRead();
    expect(await closed()).toEqual([{ ticket_id: '1', closed: false }]);
    expect(await stage.query('SELECT reason FROM dead_letters')).toEqual([{ reason: 'empty-message' }]);
  });

  test.each([
    ['ignore', false],
    ['close', true],
  ])('under the setting %s has that effect, and is counted', async (action, isClosed) => {
    stage = await ingestStage({ TICKET_TOMBSTONES: action });
    await stage.send([message('1'), tombstone('1')]);
    await stage.allRead();
    expect(await closed()).toEqual([{ ticket_id: '1', closed: isClosed }]);
    expect(await stage.query('SELECT reason FROM dead_letters')).toEqual([]);
    expect(await stage.registry.getSingleMetricAsString('replyrank_tombstones_total')).toContain(
      `action="${action}"} 1`,
    );
  });
});

test('a message that takes too long to read is a dead letter and committed, and the others are stored', async () => {
  stage = await ingestStage({}, false);
  const file = join(inject('runDir'), 'hanging-reader.mjs');
  const reader = new URL('../../../dist/src/ingest/message-reader.js', import.meta.url).href;
  await writeFile(
    file,
    `import { parentPort } from 'node:worker_threads';
     import { readTicket } from '${reader}';
     parentPort.on('message', ({ messages, now }) => {
       const raw = messages.map((message) => ({ ...message, key: null, value: Buffer.from(message.value) }));
       while (raw.some(({ value }) => value.includes('hang')));
       parentPort.postMessage(raw.map((message) => readTicket(message, now)));
     });`,
  );
  Reflect.set(
    stage.tickets,
    'thread',
    new ReaderThread('ticket', 'standard', { baseTimeoutMs: 2_000, timeoutMsPerMegabyte: 0 }, file),
  );
  await stage.send(['before', 'hang', 'after'].map((id) => message(id, 0)));
  await Promise.all([stage.tickets.start(), stage.relay.start()]);
  await waitForStored(['after', 'before']);
  await expectAllRead();
  expect(await storedIds()).toEqual(['after', 'before']);
  expect(await stage.query('SELECT "offset", reason FROM dead_letters')).toEqual([{ offset: 1, reason: 'too-slow' }]);
});
