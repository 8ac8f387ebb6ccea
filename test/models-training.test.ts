import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childEnvironment, readConfig } from '../src/config.js';
import { loadModel } from '../src/models/model-folder.js';
import { runTraining, type TrainingOrder } from '../src/models/training-process.js';
import { scratchFolder, smallSample, trainingSettings } from './support/models.js';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let data: string;

beforeAll(async () => {
  scratch = await scratchFolder();
  data = await smallSample(scratch.folder, 'train', { types: 20, each: 60 });
});
afterAll(() => scratch.remove());

function order(file: string, out: string): TrainingOrder {
  const { STORE_DIR: cacheDir, ENCODER_DIR } = readConfig();
  const encoderDir = ENCODER_DIR ?? join(cacheDir, 'all-MiniLM-L6-v2');
  return { worker: { encoderDir, cacheDir, device: 'cpu' }, settings: trainingSettings(scratch.folder, file, out) };
}

test('a training that is killed leaves nothing that could be taken for a model, and the next one starts clean', async () => {
  const stop = new AbortController();
  const killed = runTraining(
    order(data, 'versions/one'),
    childEnvironment(),
    (phase) => {
      if (phase === 'training on all tickets') stop.abort();
    },
    stop.signal,
  );
  await mkdir(join(scratch.folder, 'versions'), { recursive: true });
  await expect(killed).rejects.toThrow('the training was stopped');
  const left = await readdir(join(scratch.folder, 'versions'));
  expect(left.filter((name) => !name.startsWith('.'))).toEqual([]);
  const phases = new Set<string>();
  const model = await runTraining(order(data, 'versions/one'), childEnvironment(), (phase) => void phases.add(phase));
  expect([...phases]).toEqual([
    'reading tickets',
    'pre-flight',
    'testing on tickets held out',
    'combining and calibrating',
    'training on all tickets',
  ]);
  const { description } = await loadModel(join(scratch.folder, 'versions', 'one'));
  expect(description.version).toBe(model.version);
  expect(description.data.rows).toBeGreaterThan(1000);
});

test('a training that is stopped before its process was there does not begin', async () => {
  const training = runTraining(order(data, 'never'), childEnvironment(), () => undefined, AbortSignal.abort());
  await expect(training).rejects.toThrow('the training was stopped');
});

test('what is wrong with the data is said with file and line', async () => {
  const broken = join(scratch.folder, 'broken.tsv');
  await writeFile(broken, 'text\tcategory\nhello\ta\nhello there\t\n');
  await expect(runTraining(order(broken, 'two'), childEnvironment(), () => undefined)).rejects.toThrow(
    /broken\.tsv:3: column "category": the label is empty/,
  );
  const single = join(scratch.folder, 'single.tsv');
  await writeFile(single, 'text\tcategory\nhello\ta\nhello there\ta\n');
  await expect(runTraining(order(single, 'two'), childEnvironment(), () => undefined)).rejects.toThrow(
    /single\.tsv: every label is "a"; a ranking is learned from two templates or more/,
  );
});

test('a handful of labels is enough to begin with', async () => {
  const few = join(scratch.folder, 'few.tsv');
  await writeFile(few, 'text\tcategory\nmy card is lost\tcard\nwhere is my refund\trefund\n');
  const model = await runTraining(order(few, 'few'), childEnvironment(), () => undefined);
  expect(model.classes).toEqual(['card', 'refund']);
});

test("a customer's own data is no feature, even where it is named", async () => {
  const file = join(scratch.folder, 'customers.csv');
  const rows = Array.from({ length: 40 }, (_, index) =>
    index % 2 === 0 ? `my card ${index} is lost,card,DE,c-1` : `where is refund ${index},refund,FR,c-2`,
  );
  await writeFile(file, ['text,category,country,customer.id', ...rows].join('\n'));
  const wanted = order(file, 'customers');
  wanted.settings.columns = { label: 'category', fields: ['country', 'customer.id'] };
  const model = await runTraining(wanted, childEnvironment(), () => undefined);
  expect(model.fields.map(({ name }) => name)).toEqual(['country']);
});
