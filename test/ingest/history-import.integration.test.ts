import { execFile } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importHistoryFile } from '../../src/ingest/history-import.js';
import { readDataFile } from '../../src/models/dataset/data-file.js';
import type { Columns } from '../../src/models/dataset/data-row.js';
import { writeTrainingSet } from '../../src/retrain/labels/training-set.js';
import { importTemplates } from '../../src/suggest/templates/templates.service.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { scratchFolder } from '../support/models.js';

let database: TestDatabase;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  database = await freshDatabase();
  scratch = await scratchFolder();
  const templates = ['a', 'b'].map((id) => ({ id, title: id, body: id, contactTypes: [], state: 'allowed' as const }));
  await database.source.transaction((manager) => importTemplates(manager, templates, { actor: 'test' }));
});
afterAll(async () => {
  await database.drop();
  await scratch.remove();
});

let files = 0;
async function historyFile(rows: object[]): Promise<string> {
  const file = join(scratch.folder, `${(files += 1)}.jsonl`);
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

function load(file: string, source: string, columns: Columns = {}) {
  const options = { source, sample: false, redaction: 'standard' as const, now: new Date('2026-01-05T10:00:00Z') };
  return importHistoryFile(database.source, { file, columns }, options, () => undefined);
}

test('the same file twice is there once, whatever stands in it, and equal rows of one file are all there', async () => {
  let run = 0;
  const row = fc.record({ text: fc.constantFrom('', 'lost', 'card', 'späť'), template: fc.constantFrom('a', 'b') });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 12 }), async (rows) => {
      const source = `twice-${(run += 1)}`;
      const file = await historyFile(rows);
      expect(await load(file, source)).toMatchObject({ rows: rows.length, imported: rows.length, repeated: 0 });
      expect(await load(file, source)).toMatchObject({ imported: 0, repeated: rows.length, refused: [] });
    }),
    { numRuns: 10 },
  );
});

test('a row that can not be taken is refused with its line and the reason; the others are imported', async () => {
  const occurredAt = '2025-03-01T00:00:00Z';
  const rows: [row: object, problem: RegExp | null][] = [
    [{ text: 'one', template: 'a', occurredAt, 'customer.id': 'c-1' }, null],
    [{ text: 'two', template: 'zzz' }, /zzz does not exist/],
    [{ text: 'three', template: '' }, /empty label/],
    [{ text: 'four', template: 'a', occurredAt: 'yesterday' }, /is not a date/],
    [{ text: 'five', template: 'a', occurredAt: '1900-01-01T00:00:00Z' }, /before 1990/],
    [{ text: 'six', template: 'a', occurredAt: '2026-01-07T00:00:00Z' }, /24 hours ahead/],
    [{ text: ['seven'], template: 'a' }, /must be text/],
    [{ text: 'eight', template: 'a', 'customer.id': 'x'.repeat(5000) }, /customer.id: must have at most 256/],
    [{ text: 'nine\0', template: 'b' }, null],
  ];
  const file = await historyFile(rows.map(([row]) => row));
  await appendFile(file, '{"text": "ten"\n{"text":"eleven","template":"b"}');
  const result = await load(file, 'partly', { fields: ['customer.id'] });
  const wrong = [...rows.map(([, problem]) => problem), /not JSON/, null];
  expect(result).toMatchObject({ rows: 11, imported: 3 });
  expect(result.refused).toEqual(
    wrong.flatMap((problem, index) =>
      problem ? [{ line: index + 1, problem: expect.stringMatching(problem) as string }] : [],
    ),
  );
});

test('in a CSV too: a row with a field too many does not keep the others out', async () => {
  const file = join(scratch.folder, 'rows.csv');
  await writeFile(file, 'text,template\none,a\ntwo,b,c\n"three, and\nmore",b\nfour,zzz\n');
  expect(await load(file, 'csv')).toMatchObject({
    rows: 4,
    imported: 2,
    refused: [{ line: 3 }, { line: 6, problem: expect.stringContaining('zzz') as string }],
  });
});

test('dates without a zone are the same instants whatever time zone the process has, and in the zone that is named', async () => {
  const file = join(scratch.folder, 'zones.csv');
  await writeFile(file, 'text,template,occurredAt\none,a,2025-11-20 09:14:00\ntwo,b,31.05.2025 23:51\n');
  const command = resolve(import.meta.dirname, '../../bin/replyrank.js');
  const run = async (timeZone: string, ...more: string[]): Promise<unknown> => {
    const env = { ...process.env, TZ: timeZone, DATABASE_URL: database.url };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [command, 'history', 'import', '--data', file, '--source', 'zones', '--json', ...more],
      { env },
    );
    return JSON.parse(stdout);
  };
  expect(await run('UTC')).toMatchObject({ imported: 2, repeated: 0 });
  expect(await run('Europe/Berlin')).toMatchObject({ imported: 0, repeated: 2 });
  expect(await run('America/New_York', '--time-zone', 'Asia/Kolkata')).toMatchObject({ imported: 2 });
  const dates = await database.source.query<{ at: Date }[]>(
    `SELECT content_at AS at FROM tickets WHERE source = 'zones' ORDER BY content_at`,
  );
  expect(dates.map(({ at }) => at.toISOString())).toEqual([
    '2025-05-31T18:21:00.000Z',
    '2025-05-31T23:51:00.000Z',
    '2025-11-20T03:44:00.000Z',
    '2025-11-20T09:14:00.000Z',
  ]);
});

test('rows whose dates are none, or have two meanings, are refused by line; the others are imported', async () => {
  const file = join(scratch.folder, 'dates.csv');
  await writeFile(
    file,
    'text,template,occurredAt\na,a,SUP-1\nb,a,45623\nc,a,2025-02-30\nd,a,01-06-2025\ne,a,2025-03-01\n',
  );
  const { imported, refused } = await load(file, 'no-dates');
  expect(imported).toBe(1);
  expect(refused.map(({ line }) => line)).toEqual([2, 3, 4, 5]);
  for (const { problem } of refused) expect(problem).toMatch(/ISO 8601.*--date-format/);
});

test('a file without a label column is refused as a whole', async () => {
  const file = await historyFile([{ text: 'one' }]);
  await expect(load(file, 'nothing')).rejects.toThrow(/no column "template"/);
});

test('tickets are redacted, closed, labelled as history, and go into a training set', async () => {
  const file = await historyFile([
    { text: 'write to ada@example.com please', template: 'a', occurredAt: '2025-03-01T00:00:00Z', channel: 'email' },
    { text: 'no reply fits', template: 'oos' },
  ]);
  await load(file, 'learned', { noneLabel: 'oos' });
  const rows: object[] = await database.source.query(
    `SELECT body, channel, closed_at IS NOT NULL AS closed, l.template_id AS template, l.provenance
       FROM tickets t JOIN labels l ON l.ticket = t.id WHERE source = 'learned' ORDER BY t.id`,
  );
  expect(rows).toEqual([
    {
      body: expect.not.stringContaining('ada@') as string,
      channel: 'email',
      closed: true,
      template: 'a',
      provenance: 'history',
    },
    { body: 'no reply fits', channel: null, closed: true, template: null, provenance: 'history' },
  ]);
  const set = join(scratch.folder, 'set.jsonl');
  const count = await writeTrainingSet(database.source, set);
  const ids: (string | null)[] = [];
  const labels: (string | null)[] = [];
  for await (const { id, label } of readDataFile(set, { noneLabel: '<none>' })) {
    ids.push(id);
    labels.push(label);
  }
  expect(ids).toHaveLength(count);
  expect(ids.filter((id) => id?.startsWith('learned:'))).toHaveLength(2);
  expect(labels).toContain(null);
});
