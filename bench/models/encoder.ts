/**
 * npm run bench -- encoder [--threads 2] [--rounds 6] [--python PATH]
 *
 * The speed of the encoder, compared with sentence-transformers and ONNX Runtime.
 *
 * The same weights, distinct texts of Banking77 and number of threads; one text per call, and 64 per call. The three take turns, so that other
 * load on the machine affects all of them. PATH is a Python with the packages of bench/models/encoder-requirements.txt; by default
 * one is installed. Prints one JSON line.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config/config.js';
import type { Encoder } from '../../src/models/encoder/encoder.js';
import { threadEnvironment } from '../../src/models/encoder/encoder-threads.js';
import { cosine } from '../../src/models/features/ticket-features.js';
import { sampleTickets } from '../../src/commands/start/sample.js';
import { setUp } from '../../src/setup/setup.js';
import { pythonBin } from '../support/python.js';
import { log } from '../support/service.js';

const { values: options } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '6' },
    python: { type: 'string' },
  },
});
const threads = Number(options.threads);
const rounds = Number(options.rounds);
const bench = resolve(import.meta.dirname, '../../../bench/models');
/** Calls per round: enough for a median, few enough that all three meet the same load. */
const [singles, batches, perBatch] = [60, 6, 64];
/** Between contenders: threads of the last one go idle, those of the next one warm up. */
const [pauseMs, warmUps] = [300, 3];

/** bench/models/encoder_reference.py, one request at a time. */
class References {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  constructor(python: string) {
    const environment = { ...process.env, OMP_NUM_THREADS: String(threads), HF_HUB_OFFLINE: '1' };
    const file = join(bench, 'encoder_reference.py');
    this.child = spawn(python, [file], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async ask<Answer>(order: object): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
    const line = await this.lines.next();
    if (line.done === true) throw new Error('the Python process exited');
    return JSON.parse(line.value) as Answer;
  }

  close(): void {
    this.child.stdin.end();
  }
}

type Contender = (calls: string[][]) => Promise<number[]>;

const timeOwn =
  (encoder: Encoder): Contender =>
  (calls) =>
    Promise.resolve(
      calls.map((texts) => {
        const start = performance.now();
        encoder.encode(texts);
        return performance.now() - start;
      }),
    );

const timeReference =
  (references: References, kind: string): Contender =>
  async (calls) =>
    (await references.ask<{ ms: number[] }>({ do: 'time', with: kind, calls })).ms;

const { STORE_DIR: storeDir } = readConfig();
const ready = await setUp({ storeDir, tensorflow: 'cpu', kafka: false, postgres: false }, log);
const python = options.python ?? join(await pythonBin('models/encoder', '6 GB'), 'python');
// TensorFlow reads these on import; the same settings as in service.
Object.assign(process.env, ready.environment, threadEnvironment(threads), { TF_NUM_INTEROP_THREADS: String(threads) });
const { loadTensorflow } = await import('../../src/models/tensors/tensorflow.js');
const { Encoder: EncoderOf } = await import('../../src/models/encoder/encoder.js');
const { tf } = await loadTensorflow('cpu');
const encoder = await EncoderOf.open(tf, ready.encoderDir, storeDir);
const references = new References(python);
const opened = await references.ask<{ versions: object }>({ do: 'open', encoder: ready.encoderDir, threads });

const texts = [...new Set((await sampleTickets()).map(({ body }) => body))];
const some = texts.slice(0, 256);
const embeddings = encoder.encode(some).map((views) => views.subarray(0, encoder.size));
const similarity = async (kind: string): Promise<number> => {
  const answer = await references.ask<{ embeddings: number[][] }>({ do: 'embed', with: kind, texts: some });
  const cosines = answer.embeddings.map((other, index) =>
    cosine(Float32Array.from(other), embeddings[index] ?? new Float32Array()),
  );
  return Math.min(...cosines);
};
const minCosine = {
  sentenceTransformers: await similarity('sentence-transformers'),
  onnxruntime: await similarity('onnxruntime'),
};

const contenders: Record<string, Contender> = {
  replyrank: timeOwn(encoder),
  sentenceTransformers: timeReference(references, 'sentence-transformers'),
  onnxruntime: timeReference(references, 'onnxruntime'),
};
const seen = Object.fromEntries(
  Object.keys(contenders).map((name) => [name, { one: [] as number[], many: [] as number[] }]),
);
let [nextOne, nextBatch] = [0, 0];
for (let round = 0; round < rounds; round += 1) {
  const at = (place: number): string => texts[place % texts.length] ?? '';
  const single = Array.from({ length: singles + warmUps }, () => [at(nextOne++)]);
  const many = Array.from({ length: batches + 1 }, () => Array.from({ length: perBatch }, () => at(nextBatch++)));
  for (const [name, contender] of Object.entries(contenders)) {
    await sleep(pauseMs);
    seen[name]?.one.push(...(await contender(single)).slice(warmUps));
    seen[name]?.many.push(...(await contender(many)).slice(1));
  }
  log(`bench: round ${round + 1} of ${rounds}`);
}
references.close();

const quantile = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? 0;
const rounded = (value: number): number => Math.round(100 * value) / 100;
const figures = Object.fromEntries(
  Object.entries(seen).map(([name, { one, many }]) => [
    name,
    {
      p50: rounded(quantile(one, 0.5)),
      p95: rounded(quantile(one, 0.95)),
      // By the median call: a call that the machine interrupted does not measure the encoder.
      textsPerSecond: Math.round((1000 * perBatch) / quantile(many, 0.5)),
    },
  ]),
);
const times = (of: (figure: { p50: number; textsPerSecond: number }) => number): number =>
  rounded(of(figures['replyrank'] ?? { p50: 0, textsPerSecond: 0 }));
const speedUp = {
  single: rounded((figures['sentenceTransformers']?.p50 ?? 0) / times(({ p50 }) => p50)),
  batch: rounded(
    times(({ textsPerSecond }) => textsPerSecond) / (figures['sentenceTransformers']?.textsPerSecond ?? 1),
  ),
};
process.stdout.write(
  `${JSON.stringify({ bench: 'encoder', threads, texts: texts.length, ...figures, speedUp, minCosine, ...opened })}\n`,
);
