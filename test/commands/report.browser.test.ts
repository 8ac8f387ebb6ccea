/** What an ML engineer sees of one training, in a real browser. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../src/cli.js';
import type { RunRecord } from '../../src/models/training/run-record.js';
import { trainModel } from '../../src/models/training/train-model.js';
import { launchBrowser } from '../support/browser.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../support/models.js';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let data: string;
let folder: string;
let record: RunRecord;
let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  scratch = await scratchFolder();
  data = await smallSample(scratch.folder, 'train', { types: 12, each: 30 });
  const settings = trainingSettings(scratch.folder, data, 'model');
  folder = settings.out;
  const { tf, encoder } = await openEncoder();
  await trainModel(tf, encoder, settings, () => undefined);
  record = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as RunRecord;
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await scratch.remove();
});

async function open(file: string): Promise<Page> {
  const page = await browser.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return page;
}

test('one page shows the run, asks for nothing, and runs without an error', async () => {
  const out = join(scratch.folder, 'report.html');
  expect(await main(['report', folder, '--out', out])).toBe(0);
  const page = await open(out);
  const headings = await page.getByRole('heading').allTextContents();
  expect(headings).toEqual(
    expect.arrayContaining([
      `Training ${record.version}`,
      'Diagnosis',
      'Curves',
      'Error analysis',
      'Suspected label errors (by confidence)',
    ]),
  );
  const curves = page.getByRole('img', { name: 'Training loss by step' });
  expect(await curves.locator('path[stroke^="var(--chart-"][fill="none"]').count()).toBeGreaterThan(
    record.curves.length,
  );
  expect((await curves.boundingBox())?.height).toBeGreaterThan(100);
  // And one in the legend
  expect(await page.getByRole('img', { name: 'Reliability' }).locator('[fill="var(--chart-1)"]').count()).toBe(16);
  const text = (await page.locator('body').textContent()) ?? '';
  expect(text).toContain(`${record.heldOut.top1} %`);
  for (const { name, next } of record.diagnosis.parts) {
    expect(text).toContain(name);
    expect(text).toContain(next);
  }
  expect(complaints).toEqual([]);
});

test('texts of tickets stand in it only where the data file is given', async () => {
  const [, ...lines] = (await readFile(data, 'utf8')).split('\n');
  const [first] = record.confidentErrors;
  const ticket = lines[(first?.line ?? 0) - 2]?.split('\t')[0] ?? '';
  expect(ticket.length).toBeGreaterThan(5);
  const [without, withTexts] = ['without.html', 'with.html'].map((name) => join(scratch.folder, name));
  expect(await main(['report', folder, '--out', without ?? ''])).toBe(0);
  expect(await main(['report', folder, '--out', withTexts ?? '', '--data', data])).toBe(0);
  const seen = async (file = ''): Promise<string> => (await (await open(file)).locator('body').textContent()) ?? '';
  expect(await seen(without)).not.toContain(ticket);
  expect(await seen(withTexts)).toContain(ticket);
  expect(complaints).toEqual([]);
});

test('another file than that of the training is refused', async () => {
  const other = await smallSample(scratch.folder, 'test', { types: 12, each: 40 });
  const out = join(scratch.folder, 'other.html');
  expect(await main(['report', folder, '--out', out, '--data', other])).toBe(1);
  await expect(readFile(out)).rejects.toThrow('ENOENT');
});

test('a folder without a run is named', async () => {
  expect(await main(['report', scratch.folder])).toBe(1);
});
