/** The topics of a service that starts for the first time. */
import { expect, test } from 'vitest';
import { connectKafka, ensureTopics, serviceTopics } from '../../src/ingest/kafka.js';
import { testConfig } from '../support/kafka.js';

test('are made also on a busy broker, which knows them later than it makes them', async () => {
  const made = Array.from({ length: 6 }, async () => {
    const config = testConfig('postgres://nobody@nowhere/none');
    const kafka = connectKafka(config);
    // Replicas that start at the same moment do not get into each other's way.
    await Promise.all([1, 2].map(() => ensureTopics(kafka, serviceTopics(config), 8)));
    const admin = kafka.admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: serviceTopics(config) });
    await admin.disconnect();
    return topics.map(({ partitions }) => partitions.length);
  });
  expect(await Promise.all(made)).toEqual(made.map(() => [8, 8, 8, 8, 8]));
});
