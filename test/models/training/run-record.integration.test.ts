/** What an ML engineer relies on to understand a training afterwards, and to repeat it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunRecord } from '../../../src/models/training/run-record.js';
import { trainModel } from '../../../src/models/training/train-model.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../../support/models.js';

const types = 12;
const each = 30;
/** A ticket that somebody has answered with the wrong template, on this line of the file */
const wrongLine = 2;

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let folder: string;
let text: string;
let record: RunRecord;

beforeAll(async () => {
  scratch = await scratchFolder();
  const sample = await readFile(await smallSample(scratch.folder, 'train', { types, each }), 'utf8');
  const [header = '', ...lines] = sample.trimEnd().split('\n');
  const labels = [...new Set(lines.map((line) => line.split('\t')[1]))];
  const rows = lines.map((line, index) => {
    const [ticket = '', label = ''] = line.split('\t');
    const wrong = labels.find((other) => other !== label);
    return [ticket, index + 2 === wrongLine ? wrong : label, index % 3 === 0 ? 'chat' : 'email', 'en', `desk:${index}`];
  });
  const data = join(scratch.folder, 'tickets.tsv');
  await writeFile(data, [`${header}\tchannel\tlanguage\tid`, ...rows.map((row) => row.join('\t'))].join('\n'));
  const settings = trainingSettings(scratch.folder, data, 'model');
  folder = settings.out;
  const { tf, encoder } = await openEncoder();
  await trainModel(tf, encoder, settings, () => undefined);
  text = await readFile(join(folder, 'run.json'), 'utf8');
  record = JSON.parse(text) as RunRecord;
});
afterAll(() => scratch.remove());

test('it says what was trained with what, so that it can be repeated', () => {
  expect(record.arguments).toMatchObject({ columns: { label: 'category' }, precision: 0.5, coverage: 0.95 });
  expect(record.seed).toBe(1);
  expect(record.data).toMatchObject({ file: 'tickets.tsv', rows: types * each, templates: types });
  expect(record.data.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(record.code.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(record.preflight.map(({ check, outcome }) => `${check} ${outcome}`)).toEqual([
    'shapes passed',
    'start-loss passed',
    'overfit passed',
    'baseline passed',
  ]);
});

test('the curves start where all templates are equally likely, and fall', () => {
  expect(record.curves.map(({ training }) => training)).toContain('all tickets');
  expect(record.curves.length).toBeGreaterThan(2);
  for (const { loss } of record.curves) {
    expect(loss[0]).toBeCloseTo(Math.log(types), 3);
    expect(loss.at(-1)).toBeLessThan((loss[0] ?? 0) / 2);
  }
});

test('it says where the model fails, on tickets that it had not seen', async () => {
  const { heldOut, baselines, calibration } = record;
  const model = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as { heldOut: object };
  expect(model.heldOut).toMatchObject({ rows: types * each, top1: heldOut.top1, hits3: heldOut.hits3 });
  expect(Object.keys(heldOut.slices)).toEqual(['contact type', 'channel', 'language', 'head and tail', 'template']);
  expect(heldOut.slices['channel']?.['chat']?.rows).toBe((types * each) / 3);
  expect(heldOut.slices['language']?.['en']?.rows).toBe(types * each);
  expect(Object.keys(heldOut.slices['template'] ?? {})).toHaveLength(types);
  expect(baselines.majority).toBeLessThan(baselines.nearestMean);
  expect(baselines.nearestMean).toBeLessThan(100);
  expect(calibration).toHaveLength(15);
  expect(calibration.reduce((sum, { rows }) => sum + rows, 0)).toBe(types * each);
  const mistaken = record.confusions.reduce((sum, { count }) => sum + count, 0);
  expect(mistaken).toBeGreaterThan(0);
});

test('a wrong label is found among the tickets that the model is most wrongly sure of', () => {
  expect(record.confidentErrors.slice(0, 3).map(({ line }) => line)).toContain(wrongLine);
  for (const { label, predicted, confidence } of record.confidentErrors) {
    expect(predicted).not.toBe(label);
    expect(confidence).toBeGreaterThan(0);
  }
});

test('what is missing to 100 % is divided into bias, variance and label noise, each with what to try next', () => {
  const { heldOut, parts } = record.diagnosis;
  expect(parts.map(({ name }) => name).sort()).toEqual(['bias', 'label noise', 'variance']);
  expect(parts.reduce((sum, { points }) => sum + points, heldOut)).toBeCloseTo(100, 1);
  expect(parts.every(({ next }) => next.length > 20)).toBe(true);
});

test('it says how long each phase took and how much memory was needed', () => {
  expect(Object.keys(record.seconds)).toEqual(
    expect.arrayContaining(['reading tickets', 'testing on tickets held out', 'training on all tickets']),
  );
  expect(record.peakMemoryMb).toBeGreaterThan(100);
});

test('no text of a ticket and no id of one stands in it', async () => {
  const data = await readFile(join(scratch.folder, 'tickets.tsv'), 'utf8');
  const texts = data
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0] ?? '');
  expect(texts.filter((ticket) => ticket.length > 20 && text.includes(ticket))).toEqual([]);
  expect(text).not.toContain('desk:');
  expect(text).not.toContain(basename(scratch.folder));
});

test('TensorBoard finds the curves as event files', async () => {
  const runs = await readdir(join(folder, 'tensorboard'));
  expect(runs).toEqual(expect.arrayContaining(['all-tickets', 'fold-1', 'held-out']));
  for (const run of runs) {
    const [events = ''] = await readdir(join(folder, 'tensorboard', run));
    expect(events).toMatch(/^events\.out\.tfevents/);
    expect(await readFile(join(folder, 'tensorboard', run, events), 'latin1')).toContain(
      run === 'held-out' ? 'held-out/top1' : 'loss',
    );
  }
});
