/**
 * Two replicas of the service share the work, and one alone does it all when the other is stopped. The steps build on one
 * another.
 */
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flood, type Flood } from '../support/flood.js';
import { waitFor } from '../support/waiting.js';
import { serviceProcess, type ServiceProcess } from '../support/service-process.js';
import { stopAtFirstFailure } from '../support/steps.js';

let world: Flood;
let services: ServiceProcess[] = [];
stopAtFirstFailure();
beforeAll(async () => {
  world = await flood();
});
afterAll(async () => {
  for (const service of services) await service.kill();
  await world.database.drop();
});

/** How many partitions of its topic each member of a consumer group has. */
async function shares(groupId: string): Promise<number[]> {
  const admin = world.kafka.admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    return (groups[0]?.members ?? [])
      .map(
        ({ memberAssignment }) => kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {},
      )
      .map((assignment) => Object.values(assignment).flat().length)
      .toSorted();
  } finally {
    await admin.disconnect();
  }
}

test('1. both start on the same database and the same group', async () => {
  services = await Promise.all([serviceProcess(world.config), serviceProcess(world.config)]);
  expect(new Set(services.map(({ url }) => url)).size).toBe(2);
});

test('2. they share the partitions of tickets and of choices', async () => {
  for (const group of [world.config.KAFKA_GROUP, `${world.config.KAFKA_GROUP}.choices`]) {
    await waitFor(
      `both to have their share of ${group}`,
      () => shares(group),
      (members) => members.join() === '2,2',
    );
  }
});

test('3. many tickets come, and one of the two is stopped meanwhile', { timeout: 120_000 }, async () => {
  await world.send(0, 150);
  await waitFor('the first suggestions', () => world.count('suggestions'));
  const [stopped] = await Promise.all([services[0]?.stop(), world.send(150, 300)]);
  expect(stopped).toBe(0);
  await world.allDone(300);
});

test('4. the other has all partitions now', async () => {
  await waitFor(
    'the other to have all',
    () => shares(world.config.KAFKA_GROUP),
    (members) => members.join() === '4',
  );
  // The broker has shared them out a moment before the service hears of it.
  await waitFor(
    'it to be ready',
    async () => (await fetch(`${services[1]?.url ?? ''}/health/ready`)).status,
    (status) => status === 200,
  );
});

test('5. nothing was lost and nothing done twice', async () => {
  for (const table of ['tickets', 'suggestions', 'labels'] as const) expect(await world.count(table)).toBe(300);
  const published = await world.published();
  expect(published.size).toBe(300);
  expect([...published.values()].every((ids) => ids.size === 1)).toBe(true);
});

test('6. the last one is killed, and starts anew where it stood', { timeout: 120_000 }, async () => {
  await services[1]?.kill();
  await world.send(300, 330);
  services.push(await serviceProcess(world.config));
  await world.allDone(330);
  expect(await world.count('suggestions')).toBe(330);
});
