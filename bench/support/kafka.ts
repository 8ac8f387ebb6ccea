import { Kafka, logLevel, Partitioners, type Admin, type Producer } from 'kafkajs';
import { fetchEndOffsets } from '../../src/ingest/kafka.js';

/** A producer that retries while the broker is down, like the outbox of a helpdesk. */
export async function retryingProducer(brokers: string[]): Promise<Producer> {
  const producer = client(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  await producer.connect();
  return producer;
}

export async function admin(brokers: string[]): Promise<Admin> {
  const connection = client(brokers).admin();
  await connection.connect();
  return connection;
}

/** Every message of a topic, from its beginning. */
export async function readTopic(brokers: string[], topic: string): Promise<string[]> {
  const ends = await fetchEndOffsets(client(brokers), topic);
  const missing = new Map(
    ends.filter(({ offset }) => Number(offset) > 0).map(({ partition, offset }) => [partition, Number(offset)]),
  );
  const values: string[] = [];
  if (missing.size === 0) return values;
  const consumer = client(brokers).consumer({ groupId: `bench-${Date.now()}`, maxWaitTimeInMs: 300 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: ({ partition, message }) => {
          values.push(message.value?.toString() ?? '');
          if (Number(message.offset) + 1 >= (missing.get(partition) ?? 0)) missing.delete(partition);
          if (missing.size === 0) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

function client(brokers: string[]): Kafka {
  return new Kafka({
    clientId: 'replyrank-bench',
    brokers,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    retry: { initialRetryTime: 200, maxRetryTime: 1000, retries: 400 },
  });
}
