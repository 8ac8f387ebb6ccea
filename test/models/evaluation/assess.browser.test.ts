/** What a team relies on when it asks whether machine learning fits its history, before anything is deployed. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coverageAtPrecision, estimateSavings } from '../../../src/models/evaluation/answerable.js';
import { assess, type Assessment, type AssessmentSettings } from '../../../src/models/evaluation/assessment.js';
import { readDataFile } from '../../../src/models/dataset/data-file.js';
import { profileRows } from '../../../src/models/evaluation/data-profile.js';
import { classTail, estimateLabelNoise } from '../../../src/models/evaluation/label-noise.js';
import { errorAt, extrapolate, fitPowerLaw } from '../../../src/models/evaluation/learning-curve.js';
import { seeded, shuffle } from '../../../src/statistics/random.js';
import { launchBrowser } from '../../support/browser.js';
import { openEncoder, scratchFolder, smallSample } from '../../support/models.js';

const root = resolve(import.meta.dirname, '../../..');
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let sample: string;

beforeAll(async () => {
  scratch = await scratchFolder();
  sample = await smallSample(scratch.folder, 'train', { types: 8, each: 60 });
});
afterAll(() => scratch.remove());

const settings = (data: string): AssessmentSettings => ({
  data,
  columns: { label: 'category' },
  templates: null,
  seed: 1,
  minutesPerTicket: 4,
  ticketsPerMonth: null,
  prices: { currency: 'EUR', cpuHour: 0.05, ownGpuHour: 0.3, rentedGpuHour: 2.5, gpuSpeedup: 5 },
  cacheDir: join(scratch.folder, 'cache'),
});

describe('labels alone', () => {
  test('copies are counted, letter by letter and but for case, digits and order', async () => {
    const file = join(scratch.folder, 'copies.tsv');
    const texts = ['my card 12 is lost', 'my card 12 is lost', 'LOST is my card 99!', 'where is my refund', '...'];
    await writeFile(file, `text\tlabel\n${texts.map((text) => `${text}\ta\n`).join('')}`);
    const profile = await profileRows(readDataFile(file, { label: 'label' }));
    expect(profile).toMatchObject({ rows: 5, exactDuplicates: 1, emptyTexts: 1, words: { median: 5, most: 5 } });
    expect(profile.languages).toEqual({
      by: 'writing',
      counts: [
        { value: 'Latin', count: 4 },
        { value: 'none', count: 1 },
      ],
    });
    const { nearDuplicates } = estimateLabelNoise(Int32Array.from([0, 0, 0, 0, 0]), Uint32Array.from([7, 7, 7, 8, 9]));
    expect(nearDuplicates).toBe(2);
  });

  test('the same text answered differently sets a ceiling', () => {
    // Ten texts of ten tickets each: nine times the same template, once another.
    const labels = Int32Array.from({ length: 100 }, (_, row) => (row % 10 === 0 ? 1 : 0));
    const groups = Uint32Array.from({ length: 100 }, (_, row) => Math.floor(row / 10));
    const noise = estimateLabelNoise(labels, groups);
    expect(noise).toMatchObject({ repeatedTexts: 10, answeredDifferently: 10, repeatedRows: 100, ceiling: 90 });
    expect(noise.expectedCeiling).toBeCloseTo(100 * Math.sqrt(0.8), 1);
    const once = estimateLabelNoise(labels, Uint32Array.from(labels.keys()));
    expect(once).toMatchObject({ nearDuplicates: 0, ceiling: 100, expectedCeiling: null });
  });

  test('labels that are wrong for a known share are found so, where texts are repeated', () => {
    const random = seeded(3);
    const rows = 6000;
    const labels = Int32Array.from({ length: rows }, () => (random() < 0.7 ? 0 : 1 + Math.floor(random() * 500)));
    const groups = Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 3));
    expect(estimateLabelNoise(labels, groups).expectedCeiling).toBeGreaterThan(67);
    expect(estimateLabelNoise(labels, groups).expectedCeiling).toBeLessThan(73);
  });

  test('the tail of the templates is told', () => {
    const labels = Int32Array.from([...Array<number>(80).fill(0), ...Array<number>(15).fill(1), 2, 2, 2, 2, 2, -1]);
    expect(classTail(['a', 'b', 'c'], labels)).toMatchObject({
      templates: 3,
      for80Percent: 1,
      fewerThan10: 1,
      labelsOfThose: 5,
    });
  });
});

describe('what more labels are worth', () => {
  const sizes = [100, 200, 400, 800, 1600];

  test('a curve that follows the law is found again', () => {
    const law = { floor: 0.05, scale: 3, exponent: 0.5 };
    const found = fitPowerLaw(sizes.map((labels) => ({ labels, error: errorAt(law, labels) })));
    expect(errorAt(found, 10_000)).toBeCloseTo(errorAt(law, 10_000), 3);
  });

  test('more labels never are worth less, and the gain lies within its interval', () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 1, max: 1000 }), (accuracies, seed) => {
        const random = seeded(seed);
        const runs = sizes.map((labels, index) => ({
          labels,
          right: Uint8Array.from({ length: 60 }, () => (random() < (accuracies[index] ?? 0) ? 1 : 0)),
        }));
        const { forecasts } = extrapolate(runs, 2000, [500, 2000, 8000], seed);
        const gains = forecasts.map(({ gain }) => gain);
        expect(gains).toEqual(gains.toSorted((a, b) => a - b));
        for (const { gain, low, high } of forecasts) {
          expect(low).toBeGreaterThanOrEqual(0);
          expect(gain).toBeGreaterThanOrEqual(low);
          expect(high).toBeGreaterThanOrEqual(gain);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('what could be answered', () => {
  test('the share that can be answered with a wanted precision, judged on tickets that did not draw the line', () => {
    // The surer half is always right, the other half never.
    const predictions = Array.from({ length: 400 }, (_, index) => ({
      confidence: index / 400,
      right: index >= 200,
      half: index % 2,
    }));
    const { coverage, achieved } = coverageAtPrecision(predictions, 0.8);
    expect(coverage).toBeGreaterThan(60);
    expect(coverage).toBeLessThan(65);
    expect(achieved).toBeGreaterThan(78);
    expect(
      coverageAtPrecision(
        predictions.map((one) => ({ ...one, right: false })),
        0.8,
      ),
    ).toEqual({
      precision: 0.8,
      coverage: 0,
      achieved: null,
    });
  });

  test('minutes become hours a month', () => {
    const saved = estimateSavings({ precision: 0.9, coverage: 50, achieved: 90 }, 2000, 4);
    expect(saved).toMatchObject({ answeredRight: 900, answeredWrong: 100, hours: 60 });
  });
});

describe('the verdict', () => {
  test('is no where labels have nothing to do with the texts', async () => {
    const [header = '', ...lines] = (await readFile(sample, 'utf8')).trimEnd().split('\n');
    const order = Int32Array.from(lines.keys());
    shuffle(order, order.length, seeded(5));
    const shuffled = lines.map(
      (line, index) => `${line.split('\t')[0] ?? ''}\t${lines[order[index] ?? 0]?.split('\t')[1] ?? ''}`,
    );
    const file = join(scratch.folder, 'shuffled.tsv');
    await writeFile(file, `${[header, ...shuffled].join('\n')}\n`);
    const { tf, encoder } = await openEncoder();
    const tools = { tf, encoder, device: 'cpu' as const };
    const { verdict, heldOut } = await assess(tools, settings(file), () => undefined);
    expect(verdict).toMatchObject({ answer: 'no', sentence: expect.stringMatching(/^No: /) as string });
    expect(verdict.missing).not.toHaveLength(0);
    expect(heldOut.model.top1).toBeLessThan(30);
  });

  test('is not yet where there are too few tickets to tell', async () => {
    const { tf, encoder } = await openEncoder();
    const few = await smallSample(scratch.folder, 'train', { types: 4, each: 10 });
    const { verdict } = await assess({ tf, encoder, device: 'cpu' }, settings(few), () => undefined);
    expect(verdict.answer).toBe('not yet');
    expect(verdict.missing[0]).toContain('more labelled tickets');
  });
});

describe('the command, on a part of the sample', () => {
  let printed: Assessment;
  let page: string;
  const out = (): string => join(scratch.folder, 'report');

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[join(root, 'bin', 'replyrank.js'), 'assess', '--data', sample, '--label-column', 'category'],
      ...['--out', out(), '--tickets-per-month', '3000', '--json'],
    ]);
    printed = JSON.parse(stdout) as Assessment;
    page = join(out(), 'assess.html');
  });

  test('says yes, with figures that a model of this history must reach', () => {
    expect(printed.verdict).toMatchObject({ answer: 'yes', missing: [] });
    const { model, baselines, tickets } = printed.heldOut;
    expect(tickets).toBe(printed.labelled);
    expect(model.top1).toBeGreaterThan(90);
    expect(model.low).toBeLessThan(model.top1);
    const top1 = new Map(baselines.map((baseline) => [baseline.name, baseline.top1]));
    expect([...top1.keys()]).toEqual(['majority', 'textMatch', 'ngrams', 'classMeans']);
    expect(top1.get('majority')).toBeLessThan(20);
    for (const other of top1.values()) expect(model.top1).toBeGreaterThanOrEqual(other - 1);
    expect(printed.curve.points.map(({ top1: runs }) => runs.length)).toEqual([3, 3, 2, 1, 1]);
    expect(printed.coverage.map(({ precision }) => precision)).toEqual([0.8, 0.9, 0.95]);
    expect(printed.ticketsPerMonth).toEqual({ value: 3000, from: 'setting' });
    expect(printed.costs.ways.map(({ way }) => way)).toEqual(['this CPU', 'own GPU', 'rented GPU']);
  });

  test('leaves the figures beside the report', async () => {
    expect(JSON.parse(await readFile(join(out(), 'assess.json'), 'utf8'))).toEqual(printed);
  });

  test.each([
    ['a desk, in light', { width: 1280, height: 800 }, 'light' as const],
    ['a telephone, in the dark', { width: 360, height: 740 }, 'dark' as const],
  ])(
    'the report opens in a browser without errors and asks no host for anything: %s',
    async (_, viewport, colorScheme) => {
      const browser = await launchBrowser();
      const tab = await browser.newPage({ viewport, colorScheme });
      const complaints: string[] = [];
      tab.on('pageerror', (error) => complaints.push(error.message));
      tab.on('console', (message) => complaints.push(message.text()));
      const address = pathToFileURL(page).href;
      tab.on('request', (request) => {
        if (request.url() !== address && !request.url().startsWith('data:'))
          complaints.push(`asked for ${request.url()}`);
      });
      await tab.goto(address);
      expect(await tab.getByRole('heading', { level: 1 }).textContent()).toContain('ML readiness report');
      expect(await tab.getByText('Yes: a model fits this history.').isVisible()).toBe(true);
      expect(await tab.getByRole('img', { name: 'Top-1 accuracy by number of training labels' }).isVisible()).toBe(
        true,
      );
      const overflow = await tab.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      const ground = await tab.evaluate('getComputedStyle(document.body).backgroundColor');
      await browser.close();
      expect(overflow).toBe(0);
      expect(ground).toBe(colorScheme === 'dark' ? 'rgb(20, 21, 23)' : 'rgb(244, 245, 247)');
      expect(complaints).toEqual([]);
    },
  );
});
