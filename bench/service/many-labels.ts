/**
 * npm run bench -- many-labels [--labels 200000] [--templates 2000] [--seed 1]
 *
 * What a long history costs: training time, memory, and ranking time against a small model.
 *
 * Synthetic labels over many templates with a Zipf tail; embeddings are cached, so encoding is not measured. The small model has 77
 * templates and 10,000 labels. Prints one JSON line.
 */
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { childEnvironment, readConfig } from '../../src/config/config.js';
import { EmbeddingCache, textKey } from '../../src/models/encoder/embedding-cache.js';
import { ModelProcess } from '../../src/models/serving/model-process.js';
import { seeded } from '../../src/statistics/random.js';
import { runTraining } from '../../src/models/jobs/training-process.js';
import { modelWorkerFile } from '../../src/models/jobs/worker-files.js';
import { setUp } from '../../src/setup/setup.js';
import { log } from '../support/service.js';

const { values: options } = parseArgs({
  options: {
    labels: { type: 'string', default: '200000' },
    templates: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(options.seed);
const [views, size, wordsPerText, ranked] = [5, 384, 12, 200];
const work = mkdtempSync(join(tmpdir(), 'replyrank-bench-many-'));
const { STORE_DIR: storeDir } = readConfig();
const ready = await setUp({ storeDir, tensorflow: 'cpu', kafka: false, postgres: false }, log);
const worker = { encoderDir: ready.encoderDir, cacheDir: storeDir, device: ready.flavour };
const environment = childEnvironment(ready.environment);
const service = { workerFile: modelWorkerFile, maxBatch: 64, maxWaitMs: 0, maxQueue: 1000 };
const model = new ModelProcess({ ...service, settings: worker, environment });
await model.start();
const encoderHash = model.status().encoderHash ?? '';

/** Letters only: texts that differ only in digits count as copies. */
const word = (number: number): string =>
  number.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + parseInt(digit, 26)));

/** Approximately standard normal: twelve uniform numbers minus their mean. */
function normal(random: () => number): number {
  let sum = -6;
  for (let count = 0; count < 12; count += 1) sum += random();
  return sum;
}

/** Writes the tickets, and their embeddings to the cache. */
async function write(file: string, cacheDir: string, labels: number, templates: number): Promise<void> {
  const random = seeded(seed);
  const centres = Array.from({ length: templates }, () => Float32Array.from({ length: size }, () => normal(random)));
  const shares = centres.map((_, rank) => 1 / (rank + 1));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const counts = shares.map((share) => Math.max(2, Math.round((labels * share) / total)));
  const cache = new EmbeddingCache(cacheDir, encoderHash, views * size);
  const out = createWriteStream(file);
  for (const [template, count] of counts.entries()) {
    const entries: { key: string; values: Float32Array }[] = [];
    const lines: string[] = [];
    for (let row = 0; row < count; row += 1) {
      // Half of the words are the template's own, half are shared.
      const words = Array.from({ length: wordsPerText }, (_, at) =>
        at % 2 === 0
          ? `own${word(8 * template + Math.floor(random() * 8))}`
          : `all${word(Math.floor(5000 * random() ** 3))}`,
      );
      const text = `${words.join(' ')} ${row}`;
      lines.push(`${JSON.stringify({ text, template: `template-${template}` })}\n`);
      const values = new Float32Array(views * size);
      for (let view = 0; view < views; view += 1) {
        const part = values.subarray(view * size, (view + 1) * size);
        let squares = 0;
        for (let at = 0; at < size; at += 1)
          squares += (part[at] = (centres[template]?.[at] ?? 0) + 2 * normal(random)) ** 2;
        for (let at = 0; at < size; at += 1) part[at] = (part[at] ?? 0) / Math.sqrt(squares);
      }
      entries.push({ key: textKey(text), values });
      if (entries.length === 1000) cache.put(entries.splice(0));
    }
    cache.put(entries);
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  cache.close();
  out.end();
  await once(out, 'close');
}

interface Figures {
  labels: number;
  templates: number;
  minutes: number;
  peakMemoryMb: number;
  heldOutTop1: number;
}

async function measure(labels: number, templates: number): Promise<Figures> {
  const folder = join(work, String(templates));
  const [data, cacheDir] = [join(work, `${templates}.jsonl`), join(work, `cache-${templates}`)];
  await write(data, cacheDir, labels, templates);
  const given = { columns: {}, templates: null, seed, precision: 0.5, coverage: 0.97, knownContactType: false };
  const start = performance.now();
  const description = await runTraining(
    { worker, settings: { ...given, data, out: folder, cacheDir } },
    environment,
    (phase, done, note) => log(`bench: ${phase} ${done === null ? '' : Math.round(100 * done)} ${note ?? ''}`),
  );
  const minutes = Math.round((performance.now() - start) / 6_000) / 10;
  const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { peakMemoryMb: number };
  return {
    labels,
    templates,
    minutes,
    peakMemoryMb: run.peakMemoryMb,
    heldOutTop1: description.heldOut.top1,
  };
}

/** Ranks with both models in turns, so that other load affects them alike. @returns the median of each, ms */
async function timeOneTicket(folders: readonly string[]): Promise<number[]> {
  const [one = '', other = ''] = folders;
  await model.activate(one, one);
  await model.loadSecond({ version: other, folder: other });
  const random = seeded(seed + 1);
  const times = folders.map((): number[] => []);
  for (let count = 0; count < ranked; count += 1) {
    const words = Array.from({ length: wordsPerText }, () => `all${word(Math.floor(5000 * random()))}`);
    const input = { subject: '', body: words.join(' '), channel: null, language: null, contactType: null, fields: {} };
    for (const [at, version] of folders.entries()) {
      const from = performance.now();
      await model.rank([input], version);
      times[at]?.push(performance.now() - from);
    }
  }
  return times.map((own) => own.sort((a, b) => a - b)[ranked >> 1] ?? 0);
}

const small = await measure(10_000, 77);
const large = await measure(Number(options.labels), Number(options.templates));
const [smallMs = 0, largeMs = 0] = await timeOneTicket(
  [small.templates, large.templates].map((count) => join(work, String(count))),
);
await model.stop();
rmSync(work, { recursive: true, force: true });
const slowdown = Math.round((100 * largeMs) / smallMs) / 100;
process.stdout.write(
  `${JSON.stringify({ bench: 'many-labels', small, large, rankMs: { small: smallMs, large: largeMs }, slowdown })}\n`,
);
