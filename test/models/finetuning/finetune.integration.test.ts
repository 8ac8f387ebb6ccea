import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Encoder } from '../../../src/models/encoder/encoder.js';
import { defaultFinetune, scaleToDevice } from '../../../src/models/finetuning/finetune-settings.js';
import { finetuneEncoder, learningRateFactor } from '../../../src/models/finetuning/finetune.js';
import { childEnvironment } from '../../../src/config/config.js';
import { ModelProcess } from '../../../src/models/serving/model-process.js';
import { modelWorkerFile } from '../../../src/models/jobs/worker-files.js';
import { loadModel } from '../../../src/models/versions/model-folder.js';
import { seeded } from '../../../src/statistics/random.js';
import type { RunRecord } from '../../../src/models/training/run-record.js';
import { readSafetensors } from '../../../src/models/tensors/safetensors.js';
import type { Tensorflow } from '../../../src/models/tensors/tensorflow.js';
import { trainModel } from '../../../src/models/training/train-model.js';
import { type TrainingSettings } from '../../../src/models/training/training-settings.js';
import { eraseTickets } from '../../../src/models/dataset/trained-on.js';
import { TrainedRanker } from '../../../src/models/serving/trained-ranker.js';
import { batchTargets, mixedBatches, tokenBatch } from '../../../src/models/finetuning/training-batches.js';
import { rankerConformance, ticket } from '../../contract/ranker.conformance.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../../support/models.js';
import { smallEncoder } from '../../support/small-encoder.js';

const quick = { ...defaultFinetune, epochs: 3, minSteps: 15, batch: 32, rate: 5e-4, heldOut: 24 };

let tf: Tensorflow;
let small: Encoder;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let trainFile: string;
let model: string;
const settingsFor = (out: string): TrainingSettings => ({
  ...trainingSettings(scratch.folder, trainFile, out),
  encoderTraining: quick,
});

// Every test trains an encoder, which takes minutes beside busy processes.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(async () => {
  const opened = await openEncoder();
  ({ tf } = opened);
  scratch = await scratchFolder();
  const folder = await smallEncoder(opened.encoderDir, join(scratch.folder, 'small'));
  small = await Encoder.open(tf, folder, join(scratch.folder, 'cache'));
  trainFile = await withIds(await smallSample(scratch.folder, 'train', { types: 5, each: 20 }));
  model = join(scratch.folder, 'first');
  await trainModel(tf, small, settingsFor('first'), () => undefined);
});

afterAll(() => scratch.remove());

/** The same tickets with ids, by which they can be forgotten. */
async function withIds(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(1);
  const rows = lines.map((line, index) => {
    const [text, category] = line.split('\t');
    return `${JSON.stringify({ id: `desk:${index}`, text, category })}\n`;
  });
  const out = join(scratch.folder, 'with-ids.jsonl');
  await writeFile(out, rows.join(''));
  return out;
}

rankerConformance('The ranker with an encoder of its own', () => TrainedRanker.open(tf, small, model));

test('the model holds its own encoder, whose embeddings are other ones than those it began with', async () => {
  const { description } = await loadModel(model);
  expect(description.recipe).toBe('finetune');
  expect(description.encoder.hash).not.toBe(small.hash);
  const before = await readSafetensors(join(scratch.folder, 'small', 'model.safetensors'));
  const after = await readSafetensors(join(model, 'encoder', 'model.safetensors'));
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  for (const [name, { shape, values }] of after) {
    const old = before.get(name);
    expect(shape).toEqual(old?.shape);
    const moved = values.some((value, place) => value !== old?.values[place]);
    expect(moved, name).toBe(name.startsWith('encoder.'));
    expect(values.every(Number.isFinite), name).toBe(true);
  }
  const ranker = await TrainedRanker.open(tf, small, model);
  const [ranking] = await ranker.rank([ticket('I still wait for the card that I ordered')]);
  const [base] = small.encode(['I still wait for the card that I ordered']);
  expect(ranker.encoderHash).toBe(description.encoder.hash);
  expect(ranking?.embedding).not.toEqual(base?.slice(0, small.size));
  ranker.dispose();
});

test('the encoder that it began with is asked beside its own, and must be the same one', async () => {
  const { description, base } = await loadModel(model);
  expect(description.encoder.base).toBe(small.hash);
  expect(description.combination.weights).toHaveLength(8);
  expect(base?.dense.classes).toBe(5);
  const finished = await Encoder.open(tf, join(model, 'encoder'), join(scratch.folder, 'cache'));
  await expect(TrainedRanker.open(tf, finished, model)).rejects.toThrow(/needs a base encoder with the hash/);
  finished.dispose();
});

test('thresholds can be tuned on tickets that neither encoder has seen', async () => {
  const validation = await smallSample(scratch.folder, 'test', { types: 5, each: 30 });
  const validated = await trainModel(tf, small, { ...settingsFor('validated'), validation }, () => undefined);
  const { description } = await loadModel(model);
  expect(validated.combination).toEqual(description.combination);
  expect(validated.abstention).not.toEqual(description.abstention);
});

test('a forgotten ticket is zeroed in the banks of both encoders', async () => {
  const versions = join(scratch.folder, 'versions');
  await cp(model, join(versions, 'one'), { recursive: true });
  const blank = async (): Promise<number[]> => {
    const { nearest, base } = await loadModel(join(versions, 'one'));
    return [nearest, base?.nearest].map((bank) => {
      const { embeddings, size } = bank ?? nearest;
      const count = embeddings.length / size;
      return Array.from({ length: count }, (_, at) => embeddings.subarray(at * size, (at + 1) * size)).filter((own) =>
        own.every((value) => value === 0),
      ).length;
    });
  };
  expect(await blank()).toEqual([0, 0]);
  expect(await eraseTickets(versions, ['desk:3'])).toEqual(['one']);
  expect(await blank()).toEqual([1, 1]);
});

test('the service swaps between a version with an encoder of its own and one without, and says whose embeddings it gives', async () => {
  const frozen = join(scratch.folder, 'frozen');
  await trainModel(tf, small, trainingSettings(scratch.folder, trainFile, 'frozen'), () => undefined);
  const settings = { encoderDir: join(scratch.folder, 'small'), cacheDir: join(scratch.folder, 'cache') };
  const service = new ModelProcess({
    settings: { ...settings, device: 'cpu' },
    workerFile: modelWorkerFile,
    environment: childEnvironment(),
    ...{ maxBatch: 8, maxWaitMs: 1, maxQueue: 100 },
  });
  await service.start();
  try {
    const question = [ticket('I still wait for the card that I ordered')];
    const embeddings: (Float32Array | null | undefined)[] = [];
    for (const folder of [frozen, model, frozen]) {
      await service.activate(folder === model ? 'own' : 'base', folder);
      const { description } = await loadModel(folder);
      expect(service.status().encoderHash).toBe(description.encoder.hash);
      embeddings.push((await service.rank(question))[0]?.ranking.embedding);
    }
    expect(embeddings[1]).not.toEqual(embeddings[0]);
    expect(embeddings[2]).toEqual(embeddings[0]);
  } finally {
    await service.stop();
  }
});

test('what the encoder learned is on record: losses that fall from log K, top-1 after each epoch, its checks', async () => {
  const record = JSON.parse(await readFile(join(model, 'run.json'), 'utf8')) as RunRecord;
  const curve = record.curves.find(({ training }) => training === 'encoder, fold 1');
  expect(curve?.loss[0]).toBeCloseTo(Math.log(5), 4);
  expect(curve?.loss.at(-1)).toBeLessThan(0.7 * Math.log(5));
  expect(curve?.heldOutTop1).not.toHaveLength(0);
  expect(record.preflight).toContainEqual(expect.objectContaining({ check: 'encoder-start-loss', outcome: 'passed' }));
  expect(record.preflight).toContainEqual(expect.objectContaining({ check: 'encoder-overfit', outcome: 'passed' }));
  expect(await readdir(join(model, 'tensorboard'))).toContain('encoder-fold-1');
});

test('the same seed gives the same encoder, another seed another one', async () => {
  const windows = Array.from({ length: 24 }, (_, row) => Int32Array.from([101, 2000 + row, 3000 + (row % 3), 102]));
  const trained = async (name: string, seed: number): Promise<Buffer> => {
    const folders = { from: join(scratch.folder, 'small'), to: join(scratch.folder, name) };
    const task = {
      ...{ windows, labels: Int32Array.from(windows.keys(), (row) => row % 3), classes: 3, seed, epochs: null },
      rows: Int32Array.from(windows.keys()),
      heldOut: new Int32Array(),
      settings: { ...quick, batch: 8, minSteps: 6, epochs: 2 },
      precision: 'float32' as const,
    };
    const report = { onStep: () => undefined, onLoss: () => undefined, onEpoch: () => undefined };
    await mkdir(folders.to);
    expect(await finetuneEncoder(tf, folders, task, report)).toBe(2);
    return readFile(join(folders.to, 'model.safetensors'));
  };
  const [first, again, other] = [await trained('a', 1), await trained('b', 1), await trained('c', 2)];
  expect(first.equals(again)).toBe(true);
  expect(first.equals(other)).toBe(false);
});

test('nothing of the encoders that were trained on the way is left behind', async () => {
  expect((await readdir(scratch.folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  expect((await readdir(join(model, 'encoder'))).sort()).toEqual([
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
});

test('every ticket is in one batch of an epoch, with one of its class where there is one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(7), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (classes, batch, seed) => {
        const labels = Int32Array.from(classes);
        const batches = mixedBatches(labels, Int32Array.from(labels.keys()), { batch, group: 2 }, seeded(seed));
        expect(batches.flatMap((rows) => [...rows]).sort((a, b) => a - b)).toEqual([...labels.keys()]);
        const sizes = batches.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('a batch holds the tokens of its texts and nothing else; each finds its place and its way back', () => {
  const text = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (texts) => {
      const batch = tokenBatch(texts.map((ids) => Int32Array.from(ids)));
      expect([...batch.ids]).toEqual(texts.flat());
      batch.places.forEach((place, token) => expect(batch.padded[place]).toBe(token));
      const time = Math.max(...texts.map(({ length }) => length));
      texts.forEach(({ length }, row) => {
        expect([...batch.mask.subarray(row * time, (row + 1) * time)].reduce((a, b) => a + b)).toBe(length);
      });
    }),
  );
});

test('a text shall be like the others of its class, and has no say where there are none', () => {
  const { targets, positives, anchors } = batchTargets([1, 0, 1], 2, { contrast: 0.5, smoothing: 0 });
  expect([...targets]).toEqual([0, 1, 1, 0, 0, 1]);
  expect([...positives]).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0]);
  expect([...anchors]).toEqual([0.25, 0, 0.25]);
});

test('the learning rate goes up, then down to nothing', () => {
  expect([0, 0.05, 0.1, 0.55, 1].map((done) => Math.round(100 * learningRateFactor(done, 0.1)))).toEqual([
    0, 50, 100, 50, 0,
  ]);
});

test('a GPU is given larger steps at a higher rate, a CPU what was asked for', () => {
  expect(scaleToDevice('cpu', quick)).toEqual(quick);
  expect(scaleToDevice('gpu', quick)).toEqual({ ...quick, batch: 128, rate: 1e-3 });
});
