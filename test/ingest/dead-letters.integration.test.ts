import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDeadLetters, replayDeadLetters } from '../../src/ingest/dead-letters.js';
import { waitFor } from '../support/waiting.js';
import { ingestStage, type IngestStage } from '../support/ingest.js';
import { aTicket } from '../support/tickets.js';

describe('dead letters', () => {
  let stage: IngestStage;
  beforeAll(async () => {
    stage = await ingestStage();
  });
  afterAll(() => stage.stop());

  test('are listed with place and reason, and without what stands in them', async () => {
    await stage.send([{ key: 'k', value: '{"secret": "my card number' }]);
    const list = () => listDeadLetters(stage.database.source.manager, 10);
    const [letter] = await waitFor('the dead letter', list, ({ length }) => length > 0);
    expect(letter).toMatchObject({
      topic: stage.config.TOPIC_TICKETS,
      reason: 'not-json',
      bytes: 26,
      replayedAt: null,
    });
    expect(JSON.stringify(letter)).not.toContain('secret');
    const [whole] = await listDeadLetters(stage.database.source.manager, 10, { withMessage: true });
    expect(whole?.message).toEqual({
      key: Buffer.from('k'),
      value: Buffer.from('{"secret": "my card number'),
      headers: {},
    });
  });

  test('go back to their topic as they came; one that is still broken is a dead letter again, and does not go round', async () => {
    const manager = stage.database.source.manager;
    const before = await listDeadLetters(manager, 100);
    const replayed = await stage.database.source.transaction((inner) =>
      replayDeadLetters(inner, { reason: 'not-json' }),
    );
    expect(replayed).toEqual(before.map(({ id }) => id).toReversed());
    const letters = await waitFor(
      'the second dead letter',
      () => listDeadLetters(manager, 100),
      ({ length }) => length === before.length + replayed.length,
    );
    expect(letters.filter(({ replayedAt }) => replayedAt === null)).toHaveLength(replayed.length);
    const bytes: { same: boolean }[] = await stage.query('SELECT count(DISTINCT value) = 1 AS same FROM dead_letters');
    expect(bytes).toEqual([{ same: true }]);
  });

  test('become tickets once the cause has been fixed', async () => {
    // A date that was too far ahead then is none to complain of later.
    const ahead = new Date(Date.now() + 25 * 3_600_000);
    await stage.send([
      { key: 'helpdesk:late', value: JSON.stringify(aTicket('late', { occurredAt: ahead.toISOString() })) },
    ]);
    const newest = async () => (await listDeadLetters(stage.database.source.manager, 1))[0];
    const letter = await waitFor('the dead letter', newest, (found) => found?.reason === 'invalid-date');
    expect(letter?.detail).toMatch(/occurredAt/);
    const repaired = JSON.stringify(aTicket('late'));
    await stage.query('UPDATE dead_letters SET value = $1 WHERE id = $2', [Buffer.from(repaired), letter?.id]);
    await stage.database.source.transaction((inner) => replayDeadLetters(inner, { ids: [letter?.id ?? 0, 999_999] }));
    await waitFor(
      'the ticket',
      () => stage.query(`SELECT * FROM tickets WHERE ticket_id = 'late'`),
      ({ length }) => length === 1,
    );
  });
});
