import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDataFile } from '../../../src/models/dataset/data-file.js';
import type { Columns, DataRow } from '../../../src/models/dataset/data-row.js';
import { readTemplateFile } from '../../../src/models/dataset/template-file.js';
import { scratchFolder } from '../../support/models.js';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let count = 0;

beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch.remove());

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(scratch.folder, `${(count += 1)}-${name}`);
  await writeFile(path, content);
  return path;
}

async function rowsOf(path: string, columns?: Columns, labels?: 'required' | 'optional'): Promise<DataRow[]> {
  const rows: DataRow[] = [];
  for await (const row of readDataFile(path, columns, labels)) rows.push(row);
  return rows;
}

describe('a file of tickets', () => {
  test('is read as CSV, TSV or JSON Lines, whichever it is', async () => {
    const csv = await file('t.csv', 'subject,body,template\n"Hello, you","two\nlines",a\nx,y,b\n');
    const tsv = await file('t.tsv', 'text\ttemplate\nsay "hi", please\ta\n');
    const json = await file(
      't.jsonl',
      '{"text":"ü","template":"a","channel":"chat","orders":3}\n\n{"text":"b","template":"b"}\n',
    );
    expect(await rowsOf(csv)).toMatchObject([
      { subject: 'Hello, you', body: 'two\nlines', label: 'a', line: 3 },
      { subject: 'x', body: 'y', label: 'b', line: 4 },
    ]);
    expect(await rowsOf(tsv)).toMatchObject([{ subject: '', body: 'say "hi", please', label: 'a' }]);
    expect(await rowsOf(json, { fields: ['orders'] })).toMatchObject([
      { body: 'ü', label: 'a', channel: 'chat', fields: { orders: 3 }, line: 1 },
      { body: 'b', label: 'b', fields: { orders: null }, line: 3 },
    ]);
  });

  test('any text survives the way through JSON Lines', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 20 }), async (texts) => {
        const lines = texts.map((text) => `${JSON.stringify({ text, template: 'a' })}\n`);
        const rows = await rowsOf(await file('p.jsonl', lines.join('')));
        expect(rows.map(({ body }) => body)).toEqual(texts);
      }),
      { numRuns: 30 },
    );
  });

  test('may begin with a byte order mark, and end its lines in two characters', async () => {
    const path = await file('bom.csv', '\uFEFFtext,template\r\n"a, b",x\r\nc,y\r\n');
    expect(await rowsOf(path)).toMatchObject([
      { body: 'a, b', label: 'x', line: 2 },
      { body: 'c', label: 'y', line: 3 },
    ]);
  });

  test('that is a folder, or not there, is named as that', async () => {
    await expect(rowsOf(scratch.folder)).rejects.toThrow('is a folder, not a file');
    await expect(rowsOf(join(scratch.folder, 'none.csv'))).rejects.toThrow('no such file');
  });

  test('takes no column for a feature that was not named', async () => {
    const path = await file('f.csv', 'text,template,answer\nx,a,a\n');
    expect((await rowsOf(path))[0]?.fields).toEqual({});
  });

  test('says none of the templates fits where the label says so', async () => {
    const path = await file('n.csv', 'text,template\nx,a\ny,oos\n');
    expect(await rowsOf(path, { noneLabel: 'oos' })).toMatchObject([
      { label: 'a', noneFits: false },
      { label: null, noneFits: true },
    ]);
  });

  test.each([
    [
      'has no label column',
      'a.csv',
      'text,category\nx,a\n',
      {},
      /a\.csv:1: no column "template" \(--label-column\); the header has "text", "category"/,
    ],
    ['has no text column', 'b.csv', 'body2,template\nx,a\n', {}, /b\.csv:1: no column "text" \(--text-column\)/],
    ['has an empty label', 'c.csv', 'text,template\nx,a\ny,\n', {}, /c\.csv:3: column "template": empty label/],
    [
      'is broken UTF-8',
      'd.csv',
      Buffer.from('text,template\ngood,a\nb\xFCd,a\n', 'latin1'),
      {},
      /d\.csv:3: column 2: not UTF-8/,
    ],
    ['is broken JSON', 'e.jsonl', '{"text":"x","template":"a"}\n{"text":\n', {}, /e\.jsonl:2: not JSON/],
    [
      'has a date that is none',
      'f.csv',
      'text,template,occurredAt\nx,a,yesterday\n',
      {},
      /f\.csv:2: column "occurredAt": "yesterday" is not a date/,
    ],
    [
      'has too many cells in a row',
      'g.csv',
      'text,template\nx,a\ny,b,c\n',
      {},
      /g\.csv:3: the header has 2 columns, this row has 3/,
    ],
    ['is empty', 'k.csv', '\n', {}, /k\.csv: is empty/],
    ['is one list', 'l.json', '[{"text":"x","template":"a"}]', {}, /l\.json:1: is a JSON array; use JSON Lines/],
    [
      'has a quote that is never closed',
      'm.csv',
      'text,template\nx,a\n"y,b\nz,c\n',
      {},
      /m\.csv:3: column "text": a quote .* never closed/,
    ],
    ['has an open quote in its header', 'n.csv', '"text","template\nx,a\n', {}, /n\.csv:1: a quote .* never closed/],
    ['has JSON that ends early', 'o.jsonl', '{"text":"x","template":"a"\n', {}, /o\.jsonl:1: column 27: not JSON/],
    [
      'has a row without an end',
      'p.jsonl',
      `{"text":"${'a'.repeat(17_000_000)}\n{"text":"b","template":"b"}\n`,
      {},
      /p\.jsonl:1: row is longer than 16 million characters/,
    ],
    [
      'is separated by semicolons',
      'q.csv',
      'text;template\nx;a\n',
      {},
      /q\.csv:1: .*comma-separated, or tab-separated/,
    ],
    [
      'has 300 columns and not the one for the text',
      'r.csv',
      `${Array.from({ length: 300 }, (_, at) => `c${at}`).join()},template\n`.repeat(2),
      {},
      /r\.csv:1: no column "text" .* and 289 more/,
    ],
    ['has nothing but a header', 'h.csv', 'text,template\n', {}, /h\.csv: has no rows/],
    [
      'has a column twice',
      'i.csv',
      'text,text,template\nx,y,a\n',
      {},
      /i\.csv:1: duplicate column "text" in the header/,
    ],
    [
      'has no field of that name',
      'j.csv',
      'text,template\nx,a\n',
      { fields: ['country'] },
      /j\.csv:1: no column "country" \(--fields\)/,
    ],
  ])('that %s is refused, and where is said', async (_, name, content, columns, message) => {
    await expect(rowsOf(await file(name, content), columns)).rejects.toThrow(message);
  });
});

describe('a file of templates', () => {
  test('is refused at the line that is wrong', async () => {
    const twice = await file('t.jsonl', '{"id":"a","title":"A","body":"x"}\n{"id":"a","title":"B","body":"y"}\n');
    await expect(readTemplateFile(twice)).rejects.toThrow(/t\.jsonl:2: duplicate template id a/);
    const broken = await file('u.jsonl', '{"id":"a"}\n{"title":"B"}\n');
    await expect(readTemplateFile(broken)).rejects.toThrow(/u\.jsonl:2: id/);
    await expect(readTemplateFile(join(scratch.folder, 'none.jsonl'))).rejects.toThrow(/none\.jsonl: can't be read/);
  });
});
