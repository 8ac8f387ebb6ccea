import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDataFile } from '../../../src/models/dataset/data-file.js';
import type { Encoder } from '../../../src/models/encoder/encoder.js';
import { MetricsCounter } from '../../../src/models/evaluation/metrics.js';
import { loadModel } from '../../../src/models/versions/model-folder.js';
import type { Tensorflow } from '../../../src/models/tensors/tensorflow.js';
import { TextMatchRanker } from '../../../src/models/serving/text-match-ranker.js';
import { trainModel } from '../../../src/models/training/train-model.js';
import { TrainedRanker } from '../../../src/models/serving/trained-ranker.js';
import { toRankInput } from '../../../src/models/dataset/data-row.js';
import { rankerConformance, ticket } from '../../contract/ranker.conformance.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../../support/models.js';

let tf: Tensorflow;
let encoder: Encoder;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let model: string;
let trainFile: string;

beforeAll(async () => {
  ({ tf, encoder } = await openEncoder());
  scratch = await scratchFolder();
  trainFile = await smallSample(scratch.folder, 'train', { types: 12, each: 30 });
  const settings = trainingSettings(scratch.folder, trainFile, 'first');
  model = settings.out;
  await trainModel(tf, encoder, settings, () => undefined);
});

afterAll(() => scratch.remove());

rankerConformance('The text match', () => Promise.resolve(new TextMatchRanker(encoder)));
rankerConformance('The trained ranker', () => TrainedRanker.open(tf, encoder, model));

test('the trained ranker is right on tickets that it has not seen, and about as sure as it is right', async () => {
  const ranker = await TrainedRanker.open(tf, encoder, model);
  const counter = new MetricsCounter();
  const file = await smallSample(scratch.folder, 'test', { types: 12, each: 40 });
  for await (const row of readDataFile(file, { label: 'category' })) {
    const [ranking] = await ranker.rank([toRankInput(row, false)]);
    if (ranking) counter.add(row, ranking);
  }
  const { top1, hits3, ece, setCoverage } = counter.metrics();
  expect(top1).toBeGreaterThan(90);
  expect(hits3).toBeGreaterThan(97);
  expect(ece).toBeLessThan(0.1);
  expect(setCoverage).toBeGreaterThan(88);
});

test('a ticket about something else altogether is out of scope', async () => {
  const ranker = await TrainedRanker.open(tf, encoder, model);
  const [recipe] = await ranker.rank([ticket('boil the potatoes for twenty minutes and season with nutmeg')]);
  expect(recipe).toMatchObject({ abstained: true, reason: 'out-of-scope' });
  expect(recipe?.items).not.toHaveLength(0);
});

test('a new template does not push itself before those that labels have taught', async () => {
  const ranker = await TrainedRanker.open(tf, encoder, model);
  const { templates } = await loadModel(model);
  const strangers = ['Opening hours of the branch', 'A reply about card payments', 'Thank you for your patience'].map(
    (title, index) => ({ templateId: `new-${index}`, title, body: `${title}. We are glad to help.`, contactTypes: [] }),
  );
  const file = await smallSample(scratch.folder, 'test', { types: 12, each: 40 });
  const right = async (): Promise<number> => {
    let count = 0;
    for await (const row of readDataFile(file, { label: 'category' })) {
      const [ranking] = await ranker.rank([toRankInput(row, false)]);
      if (ranking?.items[0]?.templateId === row.label) count += 1;
    }
    return count;
  };
  const before = await right();
  await ranker.setCandidates([...templates, ...strangers]);
  expect(await right()).toBeGreaterThan(0.95 * before);
});

test('the same seed gives the same model, another training a version of another name', async () => {
  const again = trainingSettings(scratch.folder, trainFile, 'second');
  const description = await trainModel(tf, encoder, again, () => undefined);
  const first = await loadModel(model);
  expect(description.version).not.toBe(first.description.version);
  expect(description.combination).toEqual(first.description.combination);
  const [a, b] = await Promise.all([model, again.out].map((folder) => readFile(join(folder, 'weights.safetensors'))));
  expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
});

test('a version is never overwritten', async () => {
  const before = await readFile(join(model, 'model.json'), 'utf8');
  const settings = trainingSettings(scratch.folder, trainFile, 'first');
  await expect(trainModel(tf, encoder, settings, () => undefined)).rejects.toThrow(/exists already/);
  expect(await readFile(join(model, 'model.json'), 'utf8')).toBe(before);
});

test('thresholds are drawn on a validation file where there is one, and one that tells too little is named', async () => {
  const validation = await smallSample(scratch.folder, 'test', { types: 12, each: 20 });
  const settings = { ...trainingSettings(scratch.folder, trainFile, 'validated'), validation };
  const validated = await trainModel(tf, encoder, settings, () => undefined);
  const { description } = await loadModel(model);
  expect(validated.combination).toEqual(description.combination);
  expect(validated.abstention).not.toEqual(description.abstention);
  const few = await smallSample(scratch.folder, 'test', { types: 2, each: 5 });
  const hopeless = { ...trainingSettings(scratch.folder, trainFile, 'hopeless'), validation: few };
  await expect(trainModel(tf, encoder, hopeless, () => undefined)).rejects.toThrow(
    /test-2-5\.tsv: has 10 tickets .*thresholds need at least 100/,
  );
});
