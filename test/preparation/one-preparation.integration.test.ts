/** The same ticket ranks the same, whichever way it comes in. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDataFile } from '../../src/models/dataset/data-file.js';
import { toRankInput } from '../../src/models/dataset/data-row.js';
import { importHistory } from '../../src/ingest/history-import.js';
import { ChampionService } from '../../src/suggest/versions/champion.service.js';
import { wholeService, type TestApp } from '../support/app.js';
import { produce, testKafka } from '../support/kafka.js';
import { scratchFolder } from '../support/models.js';
import { trainedVersion } from '../support/trained.js';
import { moveAlias } from '../../src/suggest/versions/model-registry.js';
import { waitFor } from '../support/waiting.js';

const body =
  '<html><head><style>.refund{color:red}</style></head><body><p class="refund">My new card has <b>not</b> arrived yet</p>' +
  '<p>Call me on +49 170 1234567 or write to ada&#64;example.com</p>' +
  '<div>On Mon, 23 Nov 2026 at 09:14, Support wrote:<blockquote>Your refund was declined</blockquote></div></body></html>';
const stored =
  'My new card has not arrived yet\n\nCall me on <phone> or write to <email>\n\nOn Mon, 23 Nov 2026 at 09:14, Support wrote:\n\n> Your refund was declined';

let service: TestApp;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let model: string;
beforeAll(async () => {
  scratch = await scratchFolder();
  service = await wholeService({ MODEL_DIR: scratch.folder });
  const version = await trainedVersion(service, { types: 6, each: 20, source: 'history' });
  await service.dataSource.transaction((manager) => moveAlias(manager, 'champion', version, 'test'));
  model = join(service.config.MODEL_DIR, version);
  const champion = service.app.get(ChampionService);
  await waitFor('the version to serve', () => champion.status().version === version);
});
afterAll(async () => {
  await service.stop();
  await scratch.remove();
});

interface Item {
  templateId: string;
  probability: number;
}
const short = (items: readonly Item[]): [string, number][] =>
  items.slice(0, 3).map(({ templateId, probability }) => [templateId, Math.round(1000 * probability)]);

async function overHttp(): Promise<[string, number][]> {
  const answer = await service.request.post('/api/v1/rank').set(service.as('ml')).send({ text: body });
  return short((answer.body as { items: Item[] }).items);
}

test('over HTTP, /v2, Kafka, from a file and on the command line', async () => {
  const expected = await overHttp();
  expect(expected).toHaveLength(3);

  const input = { name: 'text', datatype: 'BYTES', shape: [1], data: [body] };
  const inferred = await service.request
    .post('/v2/models/replyrank/infer')
    .set(service.as('ml'))
    .send({ inputs: [input] });
  const outputs = (inferred.body as { outputs: { name: string; data: (string | number)[] }[] }).outputs;
  const values = (name: string) => outputs.find((output) => output.name === name)?.data ?? [];
  const items = values('template_id').map((id, at) => ({
    templateId: String(id),
    probability: Number(values('probability')[at]),
  }));
  expect(short(items)).toEqual(expected);

  const message = { source: 'prepared', ticketId: '1', occurredAt: new Date().toISOString(), event: 'created', body };
  await produce(await testKafka(service.config), service.config.TOPIC_TICKETS, [{ value: JSON.stringify(message) }]);
  const path = '/api/v1/tickets/prepared/1';
  await waitFor(
    'the ticket to be ranked',
    async () => (await service.request.get(`${path}/suggestion`).set(service.as('ml'))).status,
    (status) => status === 200,
  );
  const suggestion = await service.request.get(`${path}/suggestion`).set(service.as('ml'));
  expect(short((suggestion.body as { items: Item[] }).items)).toEqual(expected);
  const ticket = (await service.request.get(path).set(service.as('ml'))).body as {
    body: string;
    quotedParts: { start: number; end: number }[];
  };
  expect(ticket.body).toBe(stored);
  expect(ticket.quotedParts.map(({ start, end }) => ticket.body.slice(start, end)).join('')).toContain('declined');

  const file = join(scratch.folder, 'ticket.jsonl');
  await writeFile(file, `${JSON.stringify({ text: body })}\n`);
  for await (const row of readDataFile(file, {}, 'optional')) {
    expect(row.body).toBe(stored);
    const [answer] = await service.app.get(ChampionService).rank([toRankInput(row, false)]);
    expect(short(answer?.ranking.items ?? [])).toEqual(expected);
    const raw = { ...row, body, label: null, noneFits: true };
    await importHistory(
      service.dataSource,
      [raw],
      { source: 'old', sample: false, redaction: 'standard', now: new Date() },
      () => undefined,
    );
  }
  const [imported] = await service.query<{ body: string }>(`SELECT body FROM tickets WHERE source = 'old'`);
  expect(imported?.body).toBe(stored);

  const command = [resolve('bin/replyrank.js'), 'rank', '--model', model, '--text', body, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  expect(short((JSON.parse(stdout) as { items: Item[] }).items)).toEqual(expected);
});
