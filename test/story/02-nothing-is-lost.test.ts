/**
 * The service is killed in the middle of its work, without ceremony, and another takes its place: every ticket has its
 * suggestion, its label and its message in the end, and no row is there twice. The steps build on one another.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flood, secret, type Flood } from '../support/flood.js';
import { waitFor } from '../support/waiting.js';
import { serviceProcess, type ServiceProcess } from '../support/service-process.js';
import { stopAtFirstFailure } from '../support/steps.js';

const tickets = 300;
let world: Flood;
const services: ServiceProcess[] = [];
stopAtFirstFailure();
beforeAll(async () => {
  world = await flood();
});
afterAll(async () => {
  for (const service of services) await service.kill();
  await world.database.drop();
});

test('1. a service works through many tickets', async () => {
  services.push(await serviceProcess(world.config));
  await world.send(0, 200);
  await waitFor('the first suggestions', () => world.count('suggestions'));
});

test('2. it is killed in the middle of them, and more come while nobody is there', async () => {
  await services[0]?.kill();
  await world.send(200, tickets);
  expect(await world.count('tickets')).toBeLessThanOrEqual(200);
});

test('3. another takes over and brings everything to its end', { timeout: 120_000 }, async () => {
  services.push(await serviceProcess(world.config));
  await world.allDone(tickets);
});

test('4. each ticket is there once, with one suggestion and one label', async () => {
  for (const table of ['tickets', 'suggestions', 'labels'] as const) expect(await world.count(table)).toBe(tickets);
  const revisions: unknown[] = await world.database.source.query('SELECT DISTINCT revision FROM suggestions');
  expect(revisions).toEqual([{ revision: 1 }]);
  const unlabelled: unknown[] = await world.database.source.query(
    'SELECT 1 FROM tickets t WHERE answered_at IS NULL OR NOT EXISTS (SELECT 1 FROM labels WHERE ticket = t.id)',
  );
  expect(unlabelled).toEqual([]);
});

test('5. each suggestion was published; what was sent twice is the same', async () => {
  const published = await world.published();
  const rows: { key: string; id: string }[] = await world.database.source.query(
    `SELECT t.source || ':' || t.ticket_id AS key, s.id FROM suggestions s JOIN tickets t ON t.id = s.ticket`,
  );
  expect(published).toEqual(new Map(rows.map(({ key, id }) => [key, new Set([id])])));
});

test('6. a supervisor stops it in order', async () => {
  expect(await services[1]?.stop()).toBe(0);
});

test('7. neither has written a word of a ticket into its log', () => {
  for (const service of services) {
    expect(service.output()).toContain('"level":30');
    expect(service.output()).not.toContain(secret);
  }
});
