/** What stops a training before it wastes anybody's time, or puts a useless model in service. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Encoder } from '../../../src/models/encoder/encoder.js';
import { checkBeforeTraining, type PreflightCheck } from '../../../src/models/training/preflight.js';
import type { Tensorflow } from '../../../src/models/tensors/tensorflow.js';
import { trainModel } from '../../../src/models/training/train-model.js';
import { type TrainingData } from '../../../src/models/dataset/training-data.js';
import { readTrainingData } from '../../../src/models/dataset/read-training-data.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../../support/models.js';

let tf: Tensorflow;
let encoder: Encoder;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let data: TrainingData;

beforeAll(async () => {
  ({ tf, encoder } = await openEncoder());
  scratch = await scratchFolder();
  const file = await smallSample(scratch.folder, 'train', { types: 5, each: 12 });
  const settings = { ...trainingSettings(scratch.folder, file, 'none'), file, templates: null };
  data = await readTrainingData(settings, encoder, () => undefined);
});
afterAll(() => scratch.remove());

const check = (changed: Partial<TrainingData>, ...skip: PreflightCheck[]) =>
  checkBeforeTraining(tf, { ...data, ...changed }, 1, skip);

test('sound data passes, and it is said what was seen', async () => {
  const results = await check({});
  expect(results.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'passed']);
  expect(results[0]?.seen).toMatch(/^60 tickets of \d+ numbers \(float32\) and \d+ n-grams, 5 templates/);
  expect(results[1]?.seen).toBe('the initial loss is 1.6094, log 5 is 1.6094');
});

test('a number that is not finite stops the training, and the ticket is named', async () => {
  const values = Float32Array.from(data.dense.values);
  values[7 * data.dense.width] = NaN;
  await expect(check({ dense: { ...data.dense, values } })).rejects.toThrow(
    /pre-flight check "shapes" failed.*ticket 8 has a number that is not finite.*--skip-preflight shapes trains anyway/,
  );
});

test('numbers that do not tell tickets apart stop the training', async () => {
  // Different in their beginning only, and there by next to nothing.
  const values = data.dense.values.map((_, at) => (at % data.dense.width === 0 ? at / 1e12 : 0));
  await expect(check({ dense: { ...data.dense, values } })).rejects.toThrow(/pre-flight check "overfit" failed/);
});

test('a check is left out only by its name', async () => {
  const values = data.dense.values.map((_, at) => (at % data.dense.width === 0 ? at / 1e12 : 0));
  const results = await check({ dense: { ...data.dense, values } }, 'overfit');
  expect(results.map(({ check: name, outcome }) => `${name} ${outcome}`)).toEqual([
    'shapes passed',
    'start-loss passed',
    'overfit skipped',
  ]);
});

test('a model that is no better than always suggesting one template is not made, unless that is asked for', async () => {
  const words = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta', 'iota', 'kappa'];
  // Labels that have nothing to do with the text: nothing can be learned but which is the most frequent.
  const lines = Array.from({ length: 150 }, (_, row) => {
    const text = `${words[row % 10] ?? ''} ${words[Math.floor(row / 10) % 10] ?? ''} ${words[(row * 7) % 10] ?? ''}`;
    return `${text}\t${(row * row + Math.floor(row / 10)) % 11 === 3 ? 'rare' : 'usual'}`;
  });
  const file = join(scratch.folder, 'noise.tsv');
  await writeFile(file, ['text\tcategory', ...lines].join('\n'));
  const settings = trainingSettings(scratch.folder, file, 'noise');
  await expect(trainModel(tf, encoder, settings, () => undefined)).rejects.toThrow(
    /pre-flight check "baseline" failed. Expected: on held-out tickets the model beats the majority-class baseline/,
  );
  const model = await trainModel(tf, encoder, { ...settings, skipPreflight: ['baseline'] }, () => undefined);
  expect(model.classes).toEqual(['rare', 'usual']);
});
