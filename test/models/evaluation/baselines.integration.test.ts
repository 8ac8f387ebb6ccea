/** What the baselines rely on: each is a ranker like any other, and each learns what it can. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NearestCentroidRanker, MajorityRanker, NgramRanker } from '../../../src/models/evaluation/baselines.js';
import type { Encoder } from '../../../src/models/encoder/encoder.js';
import { type TrainingData } from '../../../src/models/dataset/training-data.js';
import { readTrainingData } from '../../../src/models/dataset/read-training-data.js';
import type { Ranker } from '../../../src/models/ranker.js';
import { rankerConformance, ticket } from '../../contract/ranker.conformance.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../../support/models.js';

let encoder: Encoder;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let data: TrainingData;
let rows: Int32Array;

beforeAll(async () => {
  ({ encoder } = await openEncoder());
  scratch = await scratchFolder();
  const file = await smallSample(scratch.folder, 'train', { types: 5, each: 20 });
  const settings = trainingSettings(scratch.folder, file, 'none');
  data = await readTrainingData({ ...settings, file, templates: null }, encoder, () => undefined);
  rows = Int32Array.from(data.labels.keys());
});

afterAll(() => scratch.remove());

rankerConformance('The majority baseline', () => Promise.resolve(new MajorityRanker(data, rows)), {
  readsTemplates: false,
});
rankerConformance('The n-gram baseline', () => NgramRanker.fit(data, rows, 1), { readsTemplates: false });
rankerConformance('The class-mean baseline', () => Promise.resolve(new NearestCentroidRanker(encoder, data, rows)));

const first = async (ranker: Ranker, body: string): Promise<string | undefined> => {
  await ranker.setCandidates(null);
  const [ranking] = await ranker.rank([ticket(body)]);
  ranker.dispose();
  return ranking?.items[0]?.templateId;
};

test('the majority baseline suggests what was right most often, whatever a ticket says', async () => {
  const labels = Int32Array.from([0, 1, 1, 2]);
  const ranker = new MajorityRanker({ classes: ['a', 'b', 'c'], labels }, Int32Array.from([0, 1, 2, 3]));
  expect(await first(ranker, 'anything')).toBe('b');
});

test('n-grams and class means learn what tickets of a template say', async () => {
  const ngrams = await NgramRanker.fit(data, rows, 1);
  expect(await first(ngrams, 'how do I activate my card?')).toBe('activate_my_card');
  const means = new NearestCentroidRanker(encoder, data, rows);
  expect(await first(means, 'may my fourteen year old daughter have one?')).toBe('age_limit');
});
