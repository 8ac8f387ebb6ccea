/**
 * npm run bench -- public-data [--banking77 DIR] [--clinc150 DIR] [--seeds 1,2,3] [--cold]
 *
 * The accuracy and calibration of the recipe `frozen` on Banking77 and CLINC150, as means over seeds.
 *
 * Banking77: train.tsv, fewshot_train_10.tsv and test.tsv; the sample where no folder is given. CLINC150: train_oos_plus.tsv, val.tsv
 * (thresholds) and test.tsv with its out-of-scope texts. Prediction sets: the threshold is fitted on one half of the held-out tickets and
 * tested on the other, 20 times, then once on the test tickets. Precision: the confidence threshold is fitted on the held-out tickets.
 * `--cold` clears the embedding cache before each training. Prints one JSON line.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { childEnvironment, readConfig } from '../../src/config/config.js';
import { fitAbstention, type HeldOutRow } from '../../src/models/ranking/abstention.js';
import { readDataFile } from '../../src/models/dataset/data-file.js';
import type { DataRow } from '../../src/models/dataset/data-row.js';
import { heldOutFile, type HeldOutTicket } from '../../src/models/training/held-out-tickets.js';
import { MetricsCounter, type Metrics } from '../../src/models/evaluation/metrics.js';
import { ModelProcess } from '../../src/models/serving/model-process.js';
import { seeded } from '../../src/statistics/random.js';
import type { RankedTemplate } from '../../src/models/ranker.js';
import { toRankInput } from '../../src/models/dataset/data-row.js';
import { runTraining } from '../../src/models/jobs/training-process.js';
import { modelWorkerFile } from '../../src/models/jobs/worker-files.js';
import { setUp } from '../../src/setup/setup.js';
import { log } from '../support/service.js';

const { values: options } = parseArgs({
  options: {
    banking77: { type: 'string', default: resolve(import.meta.dirname, '../../../samples/banking77') },
    clinc150: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3' },
    cold: { type: 'boolean', default: false },
  },
});
const seeds = options.seeds.split(',').map(Number);
const coverageTargets = [0.97, 0.99];
const precisionTargets = [0.95, 0.97, 0.99];
const splits = 20;
const rowsAtOnce = 512;

interface Task {
  name: 'banking77' | 'banking77FewShot' | 'clinc150';
  folder: string;
  train: string;
  validation?: string;
  noneLabel?: string;
}

const tasks: Task[] = [
  { name: 'banking77', folder: options.banking77, train: 'train.tsv' },
  { name: 'banking77FewShot', folder: options.banking77, train: 'fewshot_train_10.tsv' },
  ...(options.clinc150 === undefined
    ? []
    : [
        {
          name: 'clinc150' as const,
          folder: options.clinc150,
          train: 'train_oos_plus.tsv',
          validation: 'val.tsv',
          noneLabel: 'oos',
        },
      ]),
];

const { STORE_DIR: storeDir, TENSORFLOW: tensorflow } = readConfig();
const ready = await setUp({ storeDir, tensorflow, kafka: false, postgres: false }, log);
const worker = { encoderDir: ready.encoderDir, cacheDir: storeDir, device: ready.flavour };
const environment = childEnvironment(ready.environment);
const work = mkdtempSync(join(tmpdir(), 'replyrank-bench-public-'));
const model = new ModelProcess({
  settings: worker,
  environment,
  workerFile: modelWorkerFile,
  maxBatch: 256,
  maxWaitMs: 0,
  maxQueue: 100_000,
});
await model.start();

/** The ranked templates of a ticket, and the correct one; null if none fits. */
interface RankedRow {
  items: readonly RankedTemplate[];
  right: string | null;
}

async function measure(task: Task, seed: number) {
  const { folder, train, validation, noneLabel } = task;
  const columns = { label: 'category', noneLabel };
  const out = join(work, `${tasks.indexOf(task)}-${seed}`);
  const cacheDir = join(work, 'cache');
  if (options.cold) rmSync(cacheDir, { recursive: true, force: true });
  const { seconds } = await runTraining(
    {
      worker,
      settings: {
        data: resolve(folder, train),
        validation: validation === undefined ? null : resolve(folder, validation),
        columns,
        templates: null,
        out,
        seed,
        precision: 0.5,
        coverage: 0.97,
        knownContactType: false,
        cacheDir,
      },
    },
    environment,
    () => undefined,
  );
  await model.activate(out, out);
  const counter = new MetricsCounter();
  const tested: RankedRow[] = [];
  const rank = async (rows: DataRow[]): Promise<void> => {
    const answers = await model.rank(rows.map((row) => toRankInput(row, false)));
    rows.forEach((row, index) => {
      const ranking = answers[index]?.ranking;
      if (!ranking) return;
      counter.add(row, ranking);
      tested.push({ items: ranking.items, right: row.label });
    });
  };
  let rows: DataRow[] = [];
  for await (const row of readDataFile(resolve(folder, 'test.tsv'), columns)) {
    rows.push(row);
    if (rows.length < rowsAtOnce) continue;
    await rank(rows);
    rows = [];
  }
  await rank(rows);
  const heldOut = readFileSync(join(out, heldOutFile), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as HeldOutTicket)
    .map(({ ranking, templateId }): RankedRow => ({ items: ranking, right: templateId }));
  const fits = ({ right }: RankedRow): boolean => right !== null;
  const sets = coverageTargets.map((promise) => ({
    target: 100 * promise,
    ...coverage(heldOut.filter(fits), tested.filter(fits), promise),
  }));
  const shown = precisionTargets.map((precision) => ({
    target: 100 * precision,
    ...precisionOn(heldOut, tested, precision),
  }));
  log(`bench: ${task.name}, seed ${seed}: ${JSON.stringify({ seconds, ...counter.metrics() })}`);
  return { seconds, metrics: counter.metrics(), sets, shown };
}

/** @returns percent of tickets with a shown first suggestion, and the precision of these suggestions */
function precisionOn(heldOut: readonly RankedRow[], tested: readonly RankedRow[], wanted: number) {
  const confidenceOf = ({ items }: RankedRow): number => items[0]?.probability ?? 0;
  const isRight = ({ items, right }: RankedRow): boolean => items[0]?.templateId === right;
  const rows = heldOut.map((row): HeldOutRow => {
    return { confidence: confidenceOf(row), maxLogit: 1, rightProbability: 0, right: isRight(row) };
  });
  const line = fitAbstention(rows, wanted, 0.97).confidenceThreshold;
  const shown = tested.filter((row) => confidenceOf(row) >= line);
  return {
    shown: rounded((100 * shown.length) / tested.length),
    precision: rounded((100 * shown.filter(isRight).length) / shown.length),
  };
}

function setThreshold(judged: readonly RankedRow[], promise: number): number {
  const rows = judged.map(({ items, right }): HeldOutRow => {
    const probability = items.find(({ templateId }) => templateId === right)?.probability ?? 0;
    return { confidence: 1, maxLogit: 1, rightProbability: probability, right: true };
  });
  return fitAbstention(rows, 0.5, promise).conformalThreshold;
}

/** @returns coverage in percent, and the mean size of the sets */
function testSets(judged: readonly RankedRow[], line: number): { covered: number; size: number } {
  let [covered, size] = [0, 0];
  for (const { items, right } of judged) {
    const set = items.filter(({ probability }, index) => index === 0 || probability >= line);
    if (set.some(({ templateId }) => templateId === right)) covered += 1;
    size += set.length;
  }
  return { covered: (100 * covered) / judged.length, size: size / judged.length };
}

function coverage(heldOut: readonly RankedRow[], tested: readonly RankedRow[], promise: number) {
  const halves = Array.from({ length: splits }, (_, split) => {
    const random = seeded(split + 1);
    const inFirst = heldOut.map(() => random() < 0.5);
    const line = setThreshold(
      heldOut.filter((_row, index) => inFirst[index]),
      promise,
    );
    return testSets(
      heldOut.filter((_row, index) => !inFirst[index]),
      line,
    );
  });
  return {
    heldOut: rounded(mean(halves.map(({ covered }) => covered))),
    size: rounded(mean(halves.map(({ size }) => size))),
    test: rounded(testSets(tested, setThreshold(heldOut, promise)).covered),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
const figures = [
  'top1',
  'hits3',
  'ece',
  'answeredCorrect',
  'abstentionRecall',
  'setCoverage',
  'setSize',
] as const satisfies (keyof Metrics)[];

const data: Partial<Record<Task['name'], object>> = {};
for (const task of tasks) {
  if (!existsSync(resolve(task.folder, task.train))) continue;
  const runs: Awaited<ReturnType<typeof measure>>[] = [];
  for (const seed of seeds) runs.push(await measure(task, seed));
  const means = figures.map((name) => {
    const values = runs.flatMap(({ metrics }) => metrics[name] ?? []);
    return [name, values.length === 0 ? null : rounded(mean(values))];
  });
  data[task.name] = {
    ...(Object.fromEntries(means) as Record<(typeof figures)[number], number | null>),
    intervals: runs[0]?.metrics.intervals,
    sets: runs[0]?.sets,
    precision: runs[0]?.shown,
    seconds: rounded(mean(runs.map(({ seconds }) => seconds))),
  };
}
await model.stop();
rmSync(work, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ bench: 'public-data', seeds, cold: options.cold, data })}\n`);
