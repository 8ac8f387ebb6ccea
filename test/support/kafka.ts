/** Topics and a consumer group for each test, on the broker of the run. */
import { randomBytes } from 'node:crypto';
import type { Kafka, Message } from 'kafkajs';
import { inject } from 'vitest';
import { readConfig, type ServiceConfig } from '../../src/config/config.js';
import { connectKafka, fetchEndOffsets, ensureTopics, openProducer, serviceTopics } from '../../src/ingest/kafka.js';
import { waitFor } from './waiting.js';

/** The configuration of a service that shares nothing with that of another test. */
export function testConfig(databaseUrl: string, environment: Record<string, string> = {}): ServiceConfig {
  const own = randomBytes(4).toString('hex');
  const config = readConfig({
    KAFKA_BROKERS: inject('kafkaBrokers'),
    KAFKA_GROUP: `test-${own}`,
    TOPIC_TICKETS: `tickets-${own}`,
    TOPIC_CHOICES: `agent-choices-${own}`,
    TOPIC_SUGGESTIONS: `ticket-suggestions-${own}`,
    TOPIC_TICKETS_DLQ: `tickets.dlq-${own}`,
    TOPIC_CHOICES_DLQ: `agent-choices.dlq-${own}`,
    DATABASE_URL: databaseUrl,
    ...environment,
  });
  const tensorflow = { device: 'cpu' as const, environment: {} };
  const brokers = [inject('kafkaBrokers')];
  return { ...config, KAFKA_BROKERS: brokers, DATABASE_URL: databaseUrl, ENCODER_DIR: '', tensorflow };
}

/** Connects, and makes the configuration's topics. */
export async function testKafka(config: ServiceConfig): Promise<Kafka> {
  const kafka = connectKafka(config);
  await ensureTopics(kafka, serviceTopics(config), config.TOPIC_PARTITIONS);
  return kafka;
}

/** Puts messages onto a topic, in their order for each key. */
export async function produce(kafka: Kafka, topic: string, messages: Message[]): Promise<void> {
  const producer = await openProducer(kafka);
  await producer.send({ topic, messages });
  await producer.disconnect();
}

export interface ReadMessage {
  partition: number;
  key: string | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

/** All that stands on a topic now, in the order of each partition. */
export async function readTopic(kafka: Kafka, topic: string): Promise<ReadMessage[]> {
  const ends = await fetchEndOffsets(kafka, topic);
  const awaited = new Map(
    ends.map(({ partition, offset }) => [partition, Number(offset)] as const).filter(([, end]) => end > 0),
  );
  const messages: ReadMessage[] = [];
  if (awaited.size === 0) return messages;
  const groupId = `reader-${randomBytes(4).toString('hex')}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 300 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ partition, message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      messages.push({
        partition,
        key: message.key?.toString() ?? null,
        value: message.value,
        headers: Object.fromEntries(headers) as Record<string, string>,
      });
      if (Number(message.offset) + 1 >= (awaited.get(partition) ?? 0)) awaited.delete(partition);
      return Promise.resolve();
    },
  });
  try {
    await waitFor(
      `all of ${topic}`,
      () => [...awaited],
      (left) => left.length === 0,
    );
  } finally {
    await consumer.disconnect();
  }
  return messages;
}
