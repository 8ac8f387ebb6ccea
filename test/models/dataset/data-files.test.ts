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
    [
      'is broken JSON',
      'e.jsonl',
      '{"text":"x","template":"a"}\n{"text":\n',
      {},
      /e\.jsonl:2: column 9: not JSON: the text ends early/,
    ],
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

describe('an export as helpdesks and spreadsheets write it', () => {
  test('may repeat columns and leave them unnamed, where nobody reads them', async () => {
    const jira = await file(
      'jira.csv',
      'Summary,Issue key,Issue Type,Watchers,Watchers,Comment,Comment,Description\n' +
        'Cannot log in,SUP-1,password,ada,bob,"11/May/24 3:26 PM;ada;tried, again",,I forgot my password\n' +
        'No invoice,SUP-2,invoice,ada,,,,Where is my invoice\n',
    );
    const columns = { subject: 'Summary', body: 'Description', label: 'Issue Type' };
    expect(await rowsOf(jira, columns)).toMatchObject([
      { subject: 'Cannot log in', body: 'I forgot my password', label: 'password' },
      { subject: 'No invoice', body: 'Where is my invoice', label: 'invoice' },
    ]);
    await expect(rowsOf(jira, { ...columns, fields: ['Watchers'] })).rejects.toThrow(/duplicate column "Watchers"/);
    const kaggle = await file('k.csv', 'v1,v2,,,\nham,"Go on, please",,,\nspam,"Win a prize, now",,,\n');
    expect(await rowsOf(kaggle, { text: 'v2', label: 'v1' })).toMatchObject([
      { body: 'Go on, please', label: 'ham' },
      { body: 'Win a prize, now', label: 'spam' },
    ]);
  });

  test('has any separator and any line end, and the same rows', async () => {
    const cell = fc
      .string({ unit: fc.constantFrom('a', 'ä', '"', ',', ';', '|', ' ', '😀') })
      .map((text) => `x${text}x`);
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 });
    const separator = fc.constantFrom(',', ';', '\t', 'sep=;', 'sep=|');
    const encoding = fc.constantFrom('utf8', 'utf8-bom', 'utf16le', 'utf16be');
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    await fc.assert(
      fc.asyncProperty(rows, separator, lineEnd, encoding, async (cells, kind, end, encoded) => {
        const delimiter = kind.at(-1) ?? '';
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const lines = [['text', 'template'], ...cells.map((row) => row.map(quoted))].map((row) => row.join(delimiter));
        const text = [...(kind.startsWith('sep') ? [kind] : []), ...lines].join(end) + end;
        const read = await rowsOf(await file('any.csv', encode(text, encoded)));
        expect(read.map(({ body, label }) => [body, label])).toEqual(cells);
      }),
      { numRuns: 120 },
    );
  });

  test('a TSV has the quotes of Excel or none, as all of the file shows', async () => {
    const excel = await file('e.tsv', 'text\ttemplate\n"say ""hi"", please"\ta\n"two\nlines"\tb\n');
    expect((await rowsOf(excel)).map(({ body }) => body)).toEqual(['say "hi", please', 'two\nlines']);
    const plain = await file('p.tsv', 'text\ttemplate\n"unclosed\ta\n"a" and "b"\tb\n');
    expect((await rowsOf(plain)).map(({ body }) => body)).toEqual(['"unclosed', '"a" and "b"']);
  });

  test('may end rows with empty cells, or leave out cells that nobody reads, but no others', async () => {
    const path = await file('w.csv', 'text,template,note\nx,a,n,,\ny,b\n,,\n');
    expect((await rowsOf(path)).map(({ body }) => body)).toEqual(['x', 'y']);
    const short = await file('s.csv', 'text,note,template\nx,n,a\nbroken here\n');
    await expect(rowsOf(short)).rejects.toThrow(/s\.csv:3: the header has 3 columns, this row has 1/);
  });

  test('may have ids as numbers: the strings of their digits, however many', async () => {
    const path = await file(
      'ids.jsonl',
      '{"id":360001234567,"text":"a","template":"a","customer.id":9007199254740993}\n' +
        '{"id":9007199254740993,"text":"b","template":"a","customer.id":1}\n' +
        '{"id":9007199254740992,"text":"c","template":"a","customer.id":9007199254740992}\n',
    );
    const rows = await rowsOf(path, { fields: ['customer.id'] });
    expect(rows.map(({ id }) => id)).toEqual(['360001234567', '9007199254740993', '9007199254740992']);
    expect(rows.map(({ fields }) => String(fields['customer.id']))).toEqual([
      '9007199254740993',
      '1',
      '9007199254740992',
    ]);
    const csv = await file('ids.csv', 'text,template,customer.id\na,a,9007199254740993\nb,a,9007199254740992\n');
    const ids = (await rowsOf(csv, { fields: ['customer.id'] })).map(({ fields }) => fields['customer.id']);
    expect(new Set(ids).size).toBe(2);
  });

  test('in another encoding is refused by its name or its place, never read with other letters', async () => {
    const utf32 = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), Buffer.from('t\0\0\0')]);
    await expect(rowsOf(await file('u.csv', utf32))).rejects.toThrow(/u\.csv:1: is UTF-32/);
    const unmarked = Buffer.from('text,template\nx,a\n', 'utf16le');
    await expect(rowsOf(await file('v.csv', unmarked))).rejects.toThrow(/UTF-16 without a byte order mark/);
    const odd = encode('text,template\nx,a\n', 'utf16le').subarray(0, -1);
    await expect(rowsOf(await file('w.csv', odd))).rejects.toThrow(/not valid UTF-16/);
    const cr = Buffer.from('text,template\rgood,a\rb\xFCd,a\r', 'latin1');
    await expect(rowsOf(await file('x.csv', cr))).rejects.toThrow(/x\.csv:3: column 2: not UTF-8/);
  });
});

function encode(text: string, encoding: string): Buffer {
  if (encoding === 'utf8') return Buffer.from(text);
  if (encoding === 'utf8-bom') return Buffer.from(`\uFEFF${text}`);
  const little = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return encoding === 'utf16le' ? little : little.swap16();
}

describe('the dates of a file', () => {
  const datesOf = async (values: readonly string[], columns: Columns = {}): Promise<(string | undefined)[]> => {
    const lines = values.map((value) => `x,a,"${value}"\n`);
    const path = await file('d.csv', `text,template,occurredAt\n${lines.join('')}`);
    return (await rowsOf(path, columns)).map(({ occurredAt }) => occurredAt?.toISOString());
  };

  test('have the one order of day and month that the whole column allows', async () => {
    expect(await datesOf(['01-06-2023 12:15', '31-05-2023 23:51'])).toEqual([
      '2023-06-01T12:15:00.000Z',
      '2023-05-31T23:51:00.000Z',
    ]);
    expect(await datesOf(['01/06/2023 3:15 PM', '05/31/2023 12:51 AM'])).toEqual([
      '2023-01-06T15:15:00.000Z',
      '2023-05-31T00:51:00.000Z',
    ]);
  });

  test('are refused where both orders are possible, or neither, with a way out', async () => {
    await expect(datesOf(['01-06-2023', '02-06-2023'])).rejects.toThrow(
      /d\.csv:2: column "occurredAt": "01-06-2023" can be read with the day or the month first.*ISO 8601.*--date-format/,
    );
    await expect(datesOf(['31-05-2023', '05-31-2023'])).rejects.toThrow(/d\.csv:2: .*both day-first and month-first/);
  });
});

describe('a file of templates', () => {
  test('of CSV, with quotes, semicolons or numbers as ids, is read', async () => {
    const quotes = await file('q.csv', 'id,title,body,\nq1,Quote,He said "ok" to me,\n');
    expect(await readTemplateFile(quotes)).toMatchObject([{ templateId: 'q1', body: 'He said "ok" to me' }]);
    const semicolons = await file('s.csv', encode('sep=;\r\nid;title;body\r\n1;Ä;"a; b"\r\n', 'utf16le'));
    expect(await readTemplateFile(semicolons)).toMatchObject([{ templateId: '1', title: 'Ä', body: 'a; b' }]);
    const numbers = await file('n.jsonl', '{"id":360001234567,"title":"A","body":"x"}\r{"id":9007199254740993}\r');
    expect((await readTemplateFile(numbers)).map(({ templateId }) => templateId)).toEqual([
      '360001234567',
      '9007199254740993',
    ]);
  });

  test('in another encoding is refused with line and column', async () => {
    const latin = Buffer.from('id,title,body\nlat1,R\xFCckerstattung,Ihre R\xFCckerstattung\n', 'latin1');
    await expect(readTemplateFile(await file('l.csv', latin))).rejects.toThrow(/l\.csv:2: column 7: not UTF-8/);
    const converted = await file('c.csv', 'id,title,body\nlat1,R\uFFFDckerstattung,x\n');
    await expect(readTemplateFile(converted)).rejects.toThrow(/c\.csv:2: column 7: .*U\+FFFD/);
  });

  test('is refused at the line that is wrong', async () => {
    const twice = await file('t.jsonl', '{"id":"a","title":"A","body":"x"}\n{"id":"a","title":"B","body":"y"}\n');
    await expect(readTemplateFile(twice)).rejects.toThrow(/t\.jsonl:2: duplicate template id a/);
    const broken = await file('u.jsonl', '{"id":"a"}\n{"title":"B"}\n');
    await expect(readTemplateFile(broken)).rejects.toThrow(/u\.jsonl:2: id/);
    await expect(readTemplateFile(join(scratch.folder, 'none.jsonl'))).rejects.toThrow(/none\.jsonl: can't be read/);
  });
});
