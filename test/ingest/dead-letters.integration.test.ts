import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDeadLetters, replayDeadLetters } from '../../src/ingest/dead-letters.js';
import { waitFor } from '../support/kafka.js';
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
    await waitFor('the dead letter', async () => (await list()).length > 0);
    const [letter] = await list();
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
    await waitFor(
      'the second dead letter',
      async () => (await listDeadLetters(manager, 100)).length === before.length + replayed.length,
    );
    const letters = await listDeadLetters(manager, 100);
    expect(letters.filter(({ replayedAt }) => replayedAt === null)).toHaveLength(replayed.length);
    const bytes: { same: boolean }[] = await stage.query('SELECT count(DISTINCT value) = 1 AS same FROM dead_letters');
    expect(bytes).toEqual([{ same: true }]);
  });

  test('become tickets once what kept them out has been mended', async () => {
    // A date that was too far ahead then is none to complain of later.
    const ahead = new Date(Date.now() + 25 * 3_600_000);
    await stage.send([
      { key: 'helpdesk:late', value: JSON.stringify(aTicket('late', { occurredAt: ahead.toISOString() })) },
    ]);
    const newest = async () => (await listDeadLetters(stage.database.source.manager, 1))[0];
    await waitFor('the dead letter', async () => (await newest())?.reason === 'invalid-date');
    const letter = await newest();
    expect(letter?.detail).toMatch(/occurredAt/);
    const mended = JSON.stringify(aTicket('late'));
    await stage.query('UPDATE dead_letters SET value = $1 WHERE id = $2', [Buffer.from(mended), letter?.id]);
    await stage.database.source.transaction((inner) => replayDeadLetters(inner, { ids: [letter?.id ?? 0, 999_999] }));
    await waitFor(
      'the ticket',
      async () => (await stage.query(`SELECT 1 FROM tickets WHERE ticket_id = 'late'`)).length === 1,
    );
  });
});
