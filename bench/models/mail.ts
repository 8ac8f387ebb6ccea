/**
 * npm run bench -- mail [--model DIR] [--rows 600]
 *
 * Top-1 on the sample's test tickets as mails: plain, and with quotes, headers, signatures, legal notices, inline images.
 *
 * The same tickets in every kind of mail; each goes the way of an arriving ticket. Without a model one is trained on the sample
 * first. Prints one JSON line.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { modelWorker, withModel } from '../../src/commands/options/with-model.js';
import { readConfig } from '../../src/config/config.js';
import { readDataFile } from '../../src/models/dataset/data-file.js';
import type { DataRow } from '../../src/models/dataset/data-row.js';
import { toRankInput } from '../../src/models/dataset/data-row.js';
import { runTraining } from '../../src/models/jobs/training-process.js';
import type { ModelProcess } from '../../src/models/serving/model-process.js';
import { prepareTicket } from '../../src/preparation/prepare-ticket.js';
import { seeded, shuffle } from '../../src/statistics/random.js';
import { mailKinds } from '../support/mail-kinds.js';
import { log } from '../support/service.js';

const { values: options } = parseArgs({
  options: { model: { type: 'string' }, rows: { type: 'string', default: '600' } },
});
const folder = resolve(import.meta.dirname, '../../../samples/banking77');
const columns = { label: 'category' };
const [seed, batch] = [3, 200];

async function train(out: string): Promise<void> {
  const config = readConfig();
  const worker = await modelWorker(config);
  const settings = {
    data: join(folder, 'train.tsv'),
    columns,
    validation: null,
    templates: null,
    out,
    seed: 1,
    precision: 0.5,
    coverage: 0.97,
    knownContactType: false,
    cacheDir: join(config.MODEL_DIR, 'cache'),
  };
  await runTraining({ worker: worker.settings, settings }, worker.environment, (step) => log(step));
}

async function testRows(count: number): Promise<DataRow[]> {
  const rows: DataRow[] = [];
  for await (const row of readDataFile(join(folder, 'test.tsv'), { ...columns, redaction: 'none' })) rows.push(row);
  const order = Int32Array.from(rows.keys());
  shuffle(order, order.length, seeded(seed));
  return [...order.slice(0, count)].flatMap((index) => rows[index] ?? []);
}

async function topOne(model: ModelProcess, rows: readonly DataRow[], mail: (text: string) => string): Promise<number> {
  let right = 0;
  for (let start = 0; start < rows.length; start += batch) {
    const some = rows.slice(start, start + batch);
    const inputs = some.map((row) => prepareTicket({ ...toRankInput(row, false), body: mail(row.body) }, 'standard'));
    const ranked = await model.rank(inputs);
    right += some.filter(({ label }, index) => ranked[index]?.ranking.items[0]?.templateId === label).length;
  }
  return Math.round((1000 * right) / rows.length) / 10;
}

const work = await mkdtemp(join(tmpdir(), 'replyrank-mail-'));
try {
  const model = options.model === undefined ? join(work, 'model') : resolve(options.model);
  if (options.model === undefined) await train(model);
  const rows = await testRows(Number(options.rows));
  const top1 = await withModel(model, async (running) => {
    const figures: Record<string, number> = {};
    for (const [kind, mail] of Object.entries(mailKinds(seed))) figures[kind] = await topOne(running, rows, mail);
    return figures;
  });
  const plain = top1['plain'] ?? 0;
  const largestLoss = Math.round(10 * (plain - Math.min(...Object.values(top1)))) / 10;
  process.stdout.write(`${JSON.stringify({ bench: 'mail', rows: rows.length, top1, largestLoss })}\n`);
} finally {
  await rm(work, { recursive: true, force: true });
}
