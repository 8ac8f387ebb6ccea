import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/models/tensors/safetensors.js';
import { bankTensor, eraseTickets, idHash, weightsFile } from '../../../src/models/dataset/trained-on.js';
import { removeAbandoned } from '../../../src/retrain/runs/train-from-labels.js';
import { ChoicesService } from '../../../src/suggest/choices/choices.service.js';
import { forget, type ForgetResult } from '../../../src/suggest/retention/forget-ticket.js';
import { writeOutbox } from '../../../src/database/outbox.js';
import { importHistoryFile } from '../../../src/ingest/history-import.js';
import { storeDeadLetter } from '../../../src/ingest/dead-letters.js';
import { reject } from '../../../src/ingest/envelope.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { scratchFolder } from '../../support/models.js';
import { arrive, aTicket, rankAll, ranked } from '../../support/tickets.js';

const marker = 'Xanthippe-7731';

let offset = 0;
function keepDeadLetter(
  manager: EntityManager,
  value: Buffer,
  headers: Record<string, string> = {},
  key: Buffer | null = null,
): Promise<void> {
  const place = { topic: 'tickets', partition: 0, offset: String((offset += 1)), timestamp: 0, key, headers };
  return storeDeadLetter(manager, { ...place, value }, reject('not-json', 'x'), 'dlq');
}

describe('a customer who wants to be forgotten', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
    const { source } = database;
    const mine = { fields: { 'customer.id': marker }, subject: `from ${marker}`, body: `${marker} waits` };
    await arrive(source, [aTicket(`t-${marker}`, mine), aTicket(`u-${marker}`, mine), aTicket('other')]);
    await rankAll(source, 'suggestions', () => ranked('card-late'));
    for (const ticketId of [`t-${marker}`, 'other']) {
      await new ChoicesService(source).add({
        source: 'helpdesk',
        ticketId,
        choiceId: `c-${ticketId}`,
        agent: 'a-1',
        occurredAt: new Date(),
        outcome: 'used',
        templateId: 'card-late',
        suggestionId: null,
        shown: null,
        retracts: null,
        via: 'http',
      });
    }
    await source.transaction(async (manager) => {
      await keepDeadLetter(manager, Buffer.from(`{"customer.id":"${marker}"`));
      await keepDeadLetter(manager, Buffer.from('broken'), { ce_subject: `helpdesk:t-${marker}` });
      await keepDeadLetter(manager, Buffer.from('of somebody else'));
      await writeOutbox(manager, [
        { topic: 'suggestions', key: Buffer.from(`helpdesk:t-${marker}`), value: Buffer.from(marker) },
      ]);
    });
  });
  afterAll(() => database.drop());

  /** Every place in the database that holds the marker, in whatever type of column. */
  async function traces(): Promise<string[]> {
    const { source } = database;
    const columns: { table: string; column: string; type: string }[] = await source.query(
      `SELECT table_name AS "table", column_name AS "column", data_type AS type FROM information_schema.columns
        WHERE table_schema = 'public'`,
    );
    const found: string[] = [];
    for (const { table, column, type } of columns) {
      const text = type === 'bytea' ? `encode("${column}", 'escape')` : `"${column}"::text`;
      const rows: unknown[] = await source.query(`SELECT 1 FROM "${table}" WHERE ${text} LIKE $1 LIMIT 1`, [
        `%${marker}%`,
      ]);
      if (rows.length > 0) found.push(`${table}.${column}`);
    }
    return found;
  }

  test('leaves no trace in any table, and takes nothing of others along', async () => {
    expect((await traces()).length).toBeGreaterThan(5);
    const forgotten = await database.source.transaction((manager) =>
      forget(manager, { customer: marker }, 'an operator'),
    );
    expect(forgotten.tickets.sort()).toEqual([`helpdesk:t-${marker}`, `helpdesk:u-${marker}`]);
    expect(forgotten).toMatchObject({ choices: 1, deadLetters: 2 });
    expect(await traces()).toEqual([]);
    const [left] = await database.source.query<object[]>(
      `SELECT (SELECT count(*)::int FROM tickets) AS tickets, (SELECT count(*)::int FROM suggestions) AS suggestions,
              (SELECT count(*)::int FROM choices) AS choices, (SELECT count(*)::int FROM labels) AS labels,
              (SELECT count(*)::int FROM dead_letters) AS letters,
              (SELECT count(*)::int FROM outbox WHERE topic = 'dlq') AS "lettersOnTheirWay"`,
    );
    expect(left).toEqual({ tickets: 1, suggestions: 1, choices: 1, labels: 1, letters: 1, lettersOnTheirWay: 1 });
  });

  test('is logged without naming the customer', async () => {
    const entries: { action: string; actor: string; target: string }[] = await database.source.query(
      `SELECT action, actor, target FROM audit_log WHERE action = 'forget'`,
    );
    expect(entries).toMatchObject([
      { actor: 'an operator', target: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string },
    ]);
  });
});

describe('a ticket that is forgotten', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  const forgetTicket = (source: string, ticketId: string): Promise<ForgetResult> =>
    database.source.transaction((manager) => forget(manager, { source, ticketId }, 'an operator'));

  test('takes its own dead letters along, not those of a ticket whose number holds its own', async () => {
    await database.source.transaction(async (manager) => {
      for (const id of ['12', '1234']) {
        await keepDeadLetter(manager, Buffer.from(`{"source":"zendesk","ticketId":"${id}","event":"exploded"}`));
      }
      await keepDeadLetter(manager, Buffer.from('{"source":"jira","ticketId":"12","event":"exploded"}'));
      await keepDeadLetter(manager, Buffer.from('{'), {}, Buffer.from('zendesk:12'));
    });
    expect(await forgetTicket('zendesk', '12')).toMatchObject({ tickets: [], deadLetters: 2 });
    const left: { text: string }[] = await database.source.query(
      `SELECT convert_from(value, 'UTF8') AS text FROM dead_letters ORDER BY id`,
    );
    expect(left.map(({ text }) => text)).toEqual([
      expect.stringContaining('"1234"'),
      expect.stringContaining('"jira"'),
    ]);
  });

  test('takes them along in whatever encoding and spelling they came', async () => {
    const spelled: ((json: string) => Buffer)[] = [
      (json) => Buffer.from(json),
      (json) => Buffer.from(json, 'utf16le'),
      (json) => Buffer.from(json, 'utf16le').swap16(),
      (json) => Buffer.from(json.replaceAll('/', '\\/')),
      (json) =>
        Buffer.from(json.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)),
    ];
    const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(id, fc.constantFrom(...spelled), async (ticketId, spell) => {
        await database.source.query('DELETE FROM dead_letters');
        await database.source.transaction((manager) =>
          keepDeadLetter(manager, spell(JSON.stringify({ source: 'zendesk', ticketId, event: 'exploded' }))),
        );
        expect(await forgetTicket('zendesk', ticketId)).toMatchObject({ deadLetters: 1 });
      }),
      { numRuns: 60 },
    );
  });

  test('takes a choice along that still waits for it', async () => {
    await database.source.query(
      `INSERT INTO choices (source, ticket_id, choice_id, agent, occurred_at, outcome, via)
       VALUES ('zendesk', '77', 'c-1', 'a-1', now(), 'none-fits', 'kafka')`,
    );
    expect(await forgetTicket('zendesk', '77')).toMatchObject({ tickets: [], choices: 1 });
    expect(await database.source.query('SELECT 1 FROM choices')).toEqual([]);
  });

  test('may come again: it is not remembered that it was there', async () => {
    await arrive(database.source, [aTicket('again')]);
    expect(await forgetTicket('helpdesk', 'again')).toMatchObject({ tickets: ['helpdesk:again'] });
    await arrive(database.source, [aTicket('again')]);
    expect(await database.source.query('SELECT 1 FROM tickets')).toHaveLength(1);
  });
});

test('which models have learned from a ticket is told, and what they hold of that one ticket is blotted out', async () => {
  const scratch = await scratchFolder();
  const { folder } = scratch;
  const bank = [1, 2, 3, 4, 5, 6];
  for (const [version, ids] of [
    ['v1', ['zendesk:1', 'zendesk:2', 'zendesk:3']],
    ['v2', ['zendesk:2', 'zendesk:3', 'zendesk:4']],
  ] as const) {
    await mkdir(join(folder, version));
    const hashes = ids.map(idHash);
    await writeFile(join(folder, version, 'trained-on.json'), JSON.stringify({ ids: hashes, nearest: hashes }));
    const values = Float32Array.from(bank);
    await writeSafetensors(join(folder, version, weightsFile), new Map([[bankTensor, { shape: [3, 2], values }]]));
  }
  const held = async (version: string): Promise<number[]> =>
    Array.from((await readSafetensors(join(folder, version, weightsFile))).get(bankTensor)?.values ?? []);
  expect(await eraseTickets(folder, ['zendesk:9'])).toEqual([]);
  expect(await eraseTickets(folder, ['zendesk:1'])).toEqual(['v1']);
  expect([await held('v1'), await held('v2')]).toEqual([[0, 0, 3, 4, 5, 6], bank]);
  expect(await eraseTickets(folder, ['zendesk:2'])).toEqual(['v1', 'v2']);
  expect([await held('v1'), await held('v2')]).toEqual([
    [0, 0, 0, 0, 5, 6],
    [0, 0, 3, 4, 5, 6],
  ]);
  expect(await eraseTickets(join(folder, 'nowhere'), ['zendesk:1'])).toEqual([]);
  await scratch.remove();
});

test('texts that a killed training has left behind do not stay; one that is under way is not disturbed', async () => {
  const scratch = await scratchFolder();
  const { folder } = scratch;
  await mkdir(join(folder, '.training-1-1'));
  await mkdir(join(folder, 'v1'));
  const hours = (n: number): Date => new Date(Date.now() + n * 3_600_000);
  await removeAbandoned(folder, hours(23));
  expect((await readdir(folder)).sort()).toEqual(['.training-1-1', 'v1']);
  await removeAbandoned(folder, hours(25));
  expect(await readdir(folder)).toEqual(['v1']);
  await scratch.remove();
});

test('of two customers whose ids differ in the last of many digits, only one is forgotten', async () => {
  const database = await freshDatabase();
  const scratch = await scratchFolder();
  try {
    const ids = ['9007199254740992', '9007199254740993'];
    const jsonLines = ids.map((id) => `{"text":"json ${id}","template":"none","customer.id":${id}}\n`).join('');
    const csv = ids.map((id) => `csv ${id},none,${id}\n`).join('');
    await writeFile(join(scratch.folder, 'a.jsonl'), jsonLines);
    await writeFile(join(scratch.folder, 'b.csv'), `text,template,customer.id\n${csv}`);
    for (const name of ['a.jsonl', 'b.csv']) {
      const from = { file: join(scratch.folder, name), columns: { fields: ['customer.id'], noneLabel: 'none' } };
      const options = { source: 'history', sample: false, redaction: 'standard' as const, now: new Date() };
      const imported = await importHistoryFile(database.source, from, options, () => undefined);
      expect(imported).toMatchObject({ imported: 2, refused: [] });
    }
    await database.source.transaction((manager) => forget(manager, { customer: '9007199254740993' }, 'test'));
    const left = await database.source.query<{ customer: string }[]>(
      `SELECT fields ->> 'customer.id' AS customer FROM tickets`,
    );
    expect(left.map(({ customer }) => customer)).toEqual(['9007199254740992', '9007199254740992']);
  } finally {
    await scratch.remove();
    await database.drop();
  }
});
