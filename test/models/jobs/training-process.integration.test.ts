import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childEnvironment, readConfig } from '../../../src/config/config.js';
import { loadModel } from '../../../src/models/versions/model-folder.js';
import { weightsFile } from '../../../src/models/dataset/trained-on.js';
import { runTraining, type TrainingOrder } from '../../../src/models/jobs/training-process.js';
import { scratchFolder, smallSample, trainingSettings } from '../../support/models.js';

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

/** When a training is killed: once it reports a phase, at a share of it or later. */
const moments: [phase: string, share: number][] = [
  ['reading tickets', 0],
  ['testing on tickets held out', 0],
  ['testing on tickets held out', 0.5],
  ['combining and calibrating', 0],
  ['training on all tickets', 0.2],
  ['training on all tickets', 0.8],
  ['writing the model', 0],
  ['writing the model', 0.3],
  ['writing the model', 0.6],
];

test('a training that is killed, whenever it is, leaves nothing that could be taken for a model, and the next one starts clean', async () => {
  const small = await smallSample(scratch.folder, 'train', { types: 8, each: 30 });
  const versions = join(scratch.folder, 'versions');
  await mkdir(versions, { recursive: true });
  const visible = async (): Promise<string[]> => (await readdir(versions)).filter((name) => !name.startsWith('.'));
  const finished: string[] = [];
  for (const [index, [phase, share]] of moments.entries()) {
    const stop = new AbortController();
    const name = `killed-${index}`;
    const training = runTraining(
      order(small, `versions/${name}`),
      childEnvironment(),
      (seen, done) => {
        if (seen === phase && (done ?? 0) >= share) stop.abort();
      },
      stop.signal,
    ).catch((error: unknown) => error);
    const outcome = await training;
    if (phase !== 'writing the model') expect(String(outcome)).toContain('the training was stopped');
    // Who is told of the last steps may be too late to stop them: then it is all there.
    if ((await visible()).includes(name)) finished.push(name);
    expect(await visible()).toEqual(finished);
  }
  const phases = new Set<string>();
  const model = await runTraining(order(small, 'versions/next'), childEnvironment(), (phase) => void phases.add(phase));
  expect([...phases]).toEqual([...new Set(['reading tickets', 'pre-flight', ...moments.map(([phase]) => phase)])]);
  expect((await readdir(versions)).sort()).toEqual([...finished, 'next'].sort());
  const { description } = await loadModel(join(versions, 'next'));
  expect(description.version).toBe(model.version);
  const fresh = order(small, 'undisturbed');
  fresh.settings.cacheDir = join(scratch.folder, 'undisturbed-cache');
  await runTraining(fresh, childEnvironment(), () => undefined);
  const weightsOf = (folder: string): Promise<Buffer> => readFile(join(folder, weightsFile));
  const undisturbed = await weightsOf(join(scratch.folder, 'undisturbed'));
  for (const name of [...finished, 'next'])
    expect((await weightsOf(join(versions, name))).equals(undisturbed)).toBe(true);
}, 1_800_000);

test('a training that is stopped before its process was there does not begin', async () => {
  const training = runTraining(order(data, 'never'), childEnvironment(), () => undefined, AbortSignal.abort());
  await expect(training).rejects.toThrow('the training was stopped');
});

test('what is wrong with the data is said with file and line', async () => {
  const broken = join(scratch.folder, 'broken.tsv');
  await writeFile(broken, 'text\tcategory\nhello\ta\nhello there\t\n');
  await expect(runTraining(order(broken, 'two'), childEnvironment(), () => undefined)).rejects.toThrow(
    /broken\.tsv:3: column "category": empty label/,
  );
  const single = join(scratch.folder, 'single.tsv');
  await writeFile(single, 'text\tcategory\nhello\ta\nhello there\ta\n');
  await expect(runTraining(order(single, 'two'), childEnvironment(), () => undefined)).rejects.toThrow(
    /single\.tsv: every label is "a"; training needs at least two templates/,
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
