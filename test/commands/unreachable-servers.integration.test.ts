/** Servers of the user's own that are not there, or not as they are named: one line that says which, and why. */
import { expect, inject, test } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { connect, createDataSource } from '../../src/database/data-source.js';
import { connectKafka, ensureTopics } from '../../src/ingest/kafka.js';

const said = async (url: string): Promise<string> => {
  const source = createDataSource(url, 2, () => undefined);
  return connect(source, url).then(
    () => 'connected',
    (error: unknown) => (error as Error).message,
  );
};
const changed = (part: 'host' | 'password' | 'pathname', value: string): string =>
  Object.assign(new URL(inject('databaseUrl')), { [part]: value }).href;

test.each<[string, () => string, RegExp]>([
  ['where nothing listens', () => changed('host', '127.0.0.1:1'), /at 127\.0\.0\.1:1\/\w+: .*ECONNREFUSED/],
  ['by a name with two addresses', () => changed('host', 'localhost:1'), /at localhost:1\/\w+: .*ECONNREFUSED/],
  ['with a wrong password', () => changed('password', 'guessed'), /password authentication failed/],
  ['of another name', () => changed('pathname', '/no_such_database'), /database "no_such_database" does not exist/],
])('a database %s is named, without its password', async (_what, url, words) => {
  const message = await said(url());
  expect(message).toMatch(/^DATABASE_URL: could not connect to PostgreSQL at /);
  expect(message).toMatch(words);
  expect(message).not.toContain(new URL(url()).password);
});

test('a broker that is not there is named', async () => {
  const { KAFKA_BROKERS = [], ...config } = readConfig({ KAFKA_BROKERS: '127.0.0.1:1' });
  const kafka = connectKafka({ ...config, KAFKA_BROKERS });
  await expect(ensureTopics(kafka, ['tickets'], 1)).rejects.toThrow(
    /^KAFKA_BROKERS: could not connect to Kafka: .*127\.0\.0\.1:1/,
  );
});
