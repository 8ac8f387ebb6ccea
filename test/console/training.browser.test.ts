/** How an ML engineer finds the settings that matter among many runs: in a real browser, against the service's routes. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSignInLink } from '../../src/access/access.service.js';
import { EventsService } from '../../src/events/events.service.js';
import { notifyTrainingRun } from '../../src/events/change-events.js';
import { routesOnly, type TestApp } from '../support/app.js';
import { launchBrowser, stepTimeoutMs } from '../support/browser.js';

let service: TestApp;
let browser: Browser;
let page: Page;
/** What the browser refused or could not run. */
const complaints: string[] = [];

beforeAll(async () => {
  service = await routesOnly();
  await service.app.get(EventsService).start();
  for (const [learnedFrom, top1] of [
    [100, 70],
    [200, 80],
    [400, 90],
    [800, 85],
  ] as const)
    await addRun(learnedFrom, top1);
  browser = await launchBrowser();
  const settings = { viewport: { width: 1280, height: 900 }, locale: 'en', reducedMotion: 'reduce' } as const;
  page = await (await browser.newContext(settings)).newPage();
  page.setDefaultTimeout(stepTimeoutMs);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load')) complaints.push(message.text());
  });
  const url = await service.app.getUrl();
  await page.goto(url + (await createSignInLink(service.dataSource.manager, { name: 'the ml', role: 'ml' }, 3600)));
  await page.getByRole('link', { name: 'Training', exact: true }).click();
  await chart().locator('canvas').waitFor();
}, 300_000);
afterAll(async () => {
  await browser.close();
  await service.app.get(EventsService).stop();
  await service.stop();
});
afterEach(() => expect(complaints.splice(0)).toEqual([]));

/** A run that was compared with the champion: learned from so many tickets, right on so many in a hundred. */
async function addRun(learnedFrom: number, top1: number): Promise<void> {
  const figures = { top1, useful: top1 - 10, ece: 0.02 + learnedFrom / 1e5 };
  const difference = { points: top1 - 80, low: top1 - 82, high: top1 - 78 };
  const comparison = {
    ...{ basis: 'trusted', biased: false, tickets: 500, evidence: 3, agreement: 0.9, slices: [] },
    ...{ champion: { ...figures, top1: 80 }, challenger: figures, difference, usefulDifference: difference },
  };
  await service.query(
    `INSERT INTO training_runs (trigger, requested_by, state, arguments, comparison, started_at, ended_at)
     VALUES ('person', 'the ml', 'rejected', $1, $2, now() - make_interval(mins => $3), now())`,
    [JSON.stringify({ learnedFrom, seed: 1 }), JSON.stringify(comparison), learnedFrom / 100],
  );
}

const main = () => page.getByRole('main');
const chart = () => main().getByRole('img', { name: /runs with their configuration and metrics/ });
const listed = () =>
  main()
    .getByRole('region', { name: 'Runs' })
    .getByRole('link', { name: /^#\d+$/ })
    .allInnerTexts();
const showAll = () => main().getByRole('button', { name: /selected: clear filters/ });

/** How many dots of the chart are painted with more than the faint colour of a run that is left out. */
const painted = () =>
  page.evaluate<number>(`{
    const canvas = document.querySelector('.chart canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    data.filter((value, at) => at % 4 === 3 && value > 128).length;
  }`);

/** The same, once the chart is done: it paints a moment after the table. */
async function allPainted(): Promise<number> {
  let before = NaN;
  await expect.poll(async () => before === (before = await painted()), { interval: 300 }).toBe(true);
  return before;
}

/** Axes from left to right: tickets learned from, minutes, calibration error, useful, right, against the champion. */
const axes = { learnedFrom: 0, top1: 4 };
/** A place on an axis; `share` is 0 at its lower end and 1 at its upper. */
async function placeOn(axis: keyof typeof axes, share: number): Promise<[x: number, y: number]> {
  const box = await chart().boundingBox();
  if (!box) throw new Error('there is no chart');
  const [left, right, top, bottom] = [72, 80, 48, 16];
  const x = box.x + left + ((box.width - left - right) * axes[axis]) / 5;
  return [x, box.y + top + (box.height - top - bottom) * (1 - share)];
}
async function drag(axis: keyof typeof axes, from: number, to: number): Promise<void> {
  await page.mouse.move(...(await placeOn(axis, from)));
  await page.mouse.down();
  await page.mouse.move(...(await placeOn(axis, (from + to) / 2)));
  await page.mouse.move(...(await placeOn(axis, to)));
  await page.mouse.up();
  await page.mouse.move(0, 0);
}

const everyRun = ['#4', '#3', '#2', '#1'];

describe('dragging along an axis', () => {
  let all: number;

  test('keeps the runs that pass there, in the chart and in the table', async () => {
    await expect.poll(listed).toEqual(everyRun);
    all = await allPainted();
    // Scores reach from 70 to 90.
    await drag('top1', 0.6, 1.02);
    await expect.poll(listed).toEqual(['#4', '#3']);
    await showAll().getByText('2 selected').waitFor();
    await expect.poll(painted).toBeLessThan(all - 500);
  });

  test('on a second axis narrows them further', async () => {
    await drag('learnedFrom', 0.2, 0.6);
    await expect.poll(listed).toEqual(['#3']);
  });

  test('holds while runs come in; a new one is kept if it lies within', async () => {
    await addRun(300, 88);
    await addRun(300, 60);
    const news = { type: 'training-run', id: 6, state: 'rejected', phase: null, progress: null } as const;
    await service.dataSource.transaction((manager) => notifyTrainingRun(manager, news));
    await expect.poll(listed).toEqual(['#5', '#3']);
    const narrowed = await allPainted();
    await service.query('DELETE FROM training_runs WHERE id > 4');
    await service.dataSource.transaction((manager) => notifyTrainingRun(manager, news));
    await expect.poll(listed).toEqual(['#3']);
    await expect.poll(painted).toBeLessThan(narrowed);
  });

  test('is cleared by a click on the axis', async () => {
    await page.mouse.click(...(await placeOn('learnedFrom', 0.9)));
    await expect.poll(listed).toEqual(['#4', '#3']);
    await page.mouse.click(...(await placeOn('top1', 0.2)));
    await page.mouse.move(0, 0);
    await expect.poll(listed).toEqual(everyRun);
    await expect.poll(painted).toBeGreaterThan(all - 200);
  });

  test('is cleared for all axes by a button; where no run passes, none is shown', async () => {
    await drag('top1', 0.3, 0.4);
    await expect.poll(listed).toEqual([]);
    await showAll().getByText('0 selected').waitFor();
    await showAll().click();
    await expect.poll(listed).toEqual(everyRun);
    await expect.poll(painted).toBeGreaterThan(all - 200);
  });
});

describe('by keyboard alone', () => {
  const limit = (name: string) => main().getByRole('slider', { name });

  test('limits are set from run to run, axis by axis, and the chart follows', async () => {
    const all = await allPainted();
    await showAll().waitFor({ state: 'detached' });
    const summary = main().getByText('Filter by range');
    await summary.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Training tickets, minimum'); // prettier-ignore
    await limit('Top-1 %, minimum').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(listed).toEqual(['#4', '#3']);
    expect(await limit('Top-1 %, minimum').getAttribute('aria-valuetext')).toBe('85');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(listed).toEqual(['#4']);
    await expect.poll(painted).toBeLessThan(all - 500);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(listed).toEqual(everyRun);
    await showAll().waitFor({ state: 'detached' });
    await expect.poll(painted).toBeGreaterThan(all - 200);
  });

  test('what was dragged is moved on there', async () => {
    await drag('top1', 0.6, 1.02);
    await expect.poll(() => limit('Top-1 %, minimum').getAttribute('aria-valuetext')).toBe('85');
    await limit('Top-1 %, minimum').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(listed).toEqual(['#3']);
    await page.mouse.click(...(await placeOn('top1', 0.5)));
    await expect.poll(listed).toEqual(everyRun);
  });
});
