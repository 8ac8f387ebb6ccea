/** What an ML engineer relies on when looking for better settings overnight. */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../../src/cli.js';
import type { Encoder } from '../../../src/models/encoder/encoder.js';
import { defaultRecipe, type Recipe } from '../../../src/models/heads/recipe.js';
import type { RunRecord } from '../../../src/models/training/run-record.js';
import { drawRecipe, survivors, sweep, type SweepSettings, type Trial } from '../../../src/models/training/sweep.js';
import type { Tensorflow } from '../../../src/models/tensors/tensorflow.js';
import { launchBrowser } from '../../support/browser.js';
import { openEncoder, scratchFolder, smallSample } from '../../support/models.js';

let tf: Tensorflow;
let encoder: Encoder;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let settings: SweepSettings;
let browser: Browser;

beforeAll(async () => {
  ({ tf, encoder } = await openEncoder());
  scratch = await scratchFolder();
  const data = await smallSample(scratch.folder, 'train', { types: 12, each: 20 });
  const out = join(scratch.folder, 'sweep');
  await mkdir(out);
  settings = { data, columns: { label: 'category' }, out, trials: 4, seed: 3, cacheDir: join(scratch.folder, 'cache') };
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await scratch.remove();
});

const words = (): string[] => ['sweep', '--data', settings.data, '--label-column', 'category', '--out', settings.out];
const trialsIn = async (): Promise<Trial[]> =>
  (await readFile(join(settings.out, 'trials.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Trial);

test('the first trial is the recipe as it is; a seed always tries the same settings', () => {
  expect(drawRecipe(0, 3)).toEqual(defaultRecipe);
  expect(drawRecipe(2, 3)).toEqual(drawRecipe(2, 3));
  expect(drawRecipe(2, 3)).not.toEqual(drawRecipe(2, 4));
});

test('the better half goes on', () => {
  const trial = (number: number, logLoss: number): Trial => ({
    trial: number,
    share: 0.25,
    recipe: defaultRecipe,
    logLoss,
    top1: 0,
    seconds: 0,
  });
  expect(survivors([trial(0, 3), trial(1, 1), trial(2, 2)]).map((each) => each.trial)).toEqual([1, 2]);
});

test('a sweep that was killed goes on where it stood, also behind a line that was half written', async () => {
  const killed = sweep(tf, encoder, settings, (phase, done, note) => {
    if (phase === 'trials' && note !== undefined && (done ?? 0) > 0.2) throw new Error('killed');
  });
  await expect(killed).rejects.toThrow('killed');
  const before = await trialsIn();
  expect(before).toHaveLength(2);
  await appendFile(join(settings.out, 'trials.jsonl'), '{"trial":3,"sha');
  expect(await main([...words(), '--trials', '4', '--seed', '3', '--json'])).toBe(0);
  const after = await trialsIn();
  expect(after.slice(0, 2)).toEqual(before);
  // Four trials on a quarter of the tickets, the better two on half of them, the best on all.
  expect(after.map(({ share }) => share)).toEqual([0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 1]);
  const quarter = after.filter(({ share }) => share === 0.25);
  const half = after.filter(({ share }) => share === 0.5);
  expect(half.map(({ trial }) => trial).sort()).toEqual(
    survivors(quarter)
      .map(({ trial }) => trial)
      .sort(),
  );
  const best = JSON.parse(await readFile(join(settings.out, 'best.json'), 'utf8')) as Recipe;
  expect(best).toEqual(after.at(-1)?.recipe);
});

test('a folder with the sweep of another seed is left alone', async () => {
  const before = await readFile(join(settings.out, 'trials.jsonl'), 'utf8');
  expect(await main([...words(), '--trials', '4', '--seed', '4'])).toBe(1);
  expect(await readFile(join(settings.out, 'trials.jsonl'), 'utf8')).toBe(before);
});

test('what was found is trained with, and stands in the record of the run', async () => {
  const [out, found] = [join(scratch.folder, 'model'), join(settings.out, 'best.json')];
  const train = ['train', '--data', settings.data, '--label-column', 'category', '--out', out, '--settings', found];
  expect(await main(train)).toBe(0);
  const record = JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as RunRecord;
  expect(record.arguments.recipe).toEqual(JSON.parse(await readFile(found, 'utf8')));
});

test('the axes of the page can be brushed: trials that do not cross the axis there fade', async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(join(settings.out, 'sweep.html')).href);
  expect(await page.locator('tbody tr').count()).toBe(7);
  const box = await page.locator('#axes canvas').first().boundingBox();
  if (!box) throw new Error('the axes are not drawn');
  // The first axis, its upper part: trials of high numbers.
  const [x, top, bottom] = [box.x + 60, box.y + 60, box.y + box.height - 60];
  await page.mouse.move(x, top - 10);
  await page.mouse.down();
  await page.mouse.move(x, top + 20, { steps: 5 });
  await page.mouse.move(x, (top + bottom) / 2, { steps: 10 });
  await page.mouse.up();
  /** Of each trial, in the order of their numbers. */
  const isFaded = `[...document.querySelectorAll('tbody tr')]
    .sort((a, b) => a.cells[0].innerText - b.cells[0].innerText).map(({ className }) => className === 'faded').join(' ')`;
  await expect.poll(() => page.evaluate<string>(isFaded)).toMatch(/^(true )+false( false)*$/);
  expect(complaints).toEqual([]);
});
