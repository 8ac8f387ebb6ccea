/**
 * npm run bench -- console [--tickets 10000] [--rounds 20] [--seed 1]
 *
 * How fast the agent page is with thousands of open tickets, in a real browser.
 *
 * 1. time to show the queue from an empty cache, and bytes downloaded;
 *  2. frame times while scrolling, with all rows loaded on the way;
 *  3. time from Kafka to an open page, before and after the whole queue was scrolled through.
 * Targets apply to the upper end of the median's 95 % interval. Prints one JSON line; exits with 1 if a target is missed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import bundledChromium from '@sparticuz/chromium';
import type { Producer } from 'kafkajs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { createSignInLink } from '../../src/access/access.service.js';
import { quantile } from '../../src/commands/start/figures.js';
import { bytesSent } from './bytes-sent.js';
import * as inPage from './in-page.js';
import { median, medianInterval } from '../support/intervals.js';
import { retryingProducer } from '../support/kafka.js';
import { ownSample } from './own-sample.js';
import { startServers } from '../support/servers.js';
import { benchDir, freePort, prepareSample, log, ServiceProcess, waitFor } from '../support/service.js';
import { distinctTexts } from '../support/distinct-texts.js';

const { values: options } = parseArgs({
  options: {
    tickets: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const tickets = Number(options.tickets);
const rounds = Number(options.rounds);
const targets = { shownMs: 1_000, frameMs: 50, firstLoadKb: 400, arrivalMs: 2_000 };
const scrollFrames = 150;
const timeoutMs = 60_000;
/** Arguments for very small machines: no real browser runs with them, and Chromium exits when a window is closed. */
const singleProcessArgs = new Set(['--single-process', '--no-zygote', '--in-process-gpu']);

prepareSample();
const servers = await startServers(benchDir);
const sample = await ownSample(servers, 'console');
const service = new ServiceProcess(await freePort(), { ...sample.environment, LOG_LEVEL: 'warn' });
const producer = await retryingProducer(servers.brokers);
const texts = distinctTexts(tickets + 3 * rounds, Number(options.seed));
let next = 0;

try {
  await service.start();
  log(`bench: ${tickets} open tickets`);
  for (let sent = 0; sent < tickets; sent += 500) await send(producer, Math.min(500, tickets - sent));
  await waitFor('the tickets to be ranked', 600_000, async () => (await countUnranked()) === 0 && next >= tickets);
  const browser = await chromium.launch({
    args: bundledChromium.args.filter((arg) => !singleProcessArgs.has(arg)),
    executablePath: await bundledChromium.executablePath(),
  });
  const figures = await measure(browser).finally(() => browser.close());
  const passed = Object.values(figures).every((figure) => figure.passed);
  process.stdout.write(`${JSON.stringify({ bench: 'console', tickets, passed, ...figures })}\n`);
  if (!passed) process.exitCode = 1;
} finally {
  await producer.disconnect();
  await service.stop();
  await sample.remove();
  await servers.stop();
}

async function measure(browser: Browser) {
  const session = await signIn(browser);
  const [shown, loaded, frames]: number[][] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    const { page, ms } = await openPage(browser, session);
    shown?.push(ms);
    if (round === 0) loaded?.push(await firstLoadKb(page));
    frames?.push(quantile(await page.evaluate<number[]>(inPage.frameTimes(scrollFrames)), 0.95));
    await page.context().close();
    log(`bench: page ${round + 1} of ${rounds}`);
  }
  const { page } = await openPage(browser, session);
  const arrivals = await arrivalTimes(page);
  const walked = await scrollThrough(page);
  await page.evaluate(inPage.scrollToTop);
  const late = await arrivalTimes(page);
  return {
    shownMs: summary(shown ?? [], targets.shownMs),
    firstLoadKb: summary(loaded ?? [], targets.firstLoadKb),
    frameP95Ms: summary(frames ?? [], targets.frameMs),
    arrivalMs: summary(arrivals, targets.arrivalMs),
    arrivalAfterScrollMs: { rows: walked, ...summary(late, targets.arrivalMs) },
  };
}

/** The session of a signed-in agent, for new browser contexts. */
async function signIn(browser: Browser): Promise<Awaited<ReturnType<BrowserContext['storageState']>>> {
  const context = await browser.newContext();
  const actor = { name: 'ada', role: 'agent' as const };
  const page = await context.newPage();
  await page.goto(service.url + (await createSignInLink(sample.dataSource.manager, actor, 600)));
  const state = await context.storageState();
  await context.close();
  return state;
}

/** @returns the page, and the time from its request to the first frame with tickets */
async function openPage(browser: Browser, storageState: Awaited<ReturnType<typeof signIn>>) {
  const context = await browser.newContext({ storageState, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(timeoutMs);
  await page.addInitScript(inPage.markShown);
  await page.goto(service.url, { waitUntil: 'commit' });
  return { page, ms: await page.evaluate<number>(inPage.shownAt) };
}

/** Bytes sent to the browser without API responses, compressed, kB. */
async function firstLoadKb(page: Page): Promise<number> {
  const addresses = await page.evaluate<string[]>(inPage.resources);
  const files = [service.url, ...addresses.filter((address) => !new URL(address).pathname.startsWith('/api/'))];
  let bytes = 0;
  for (const file of files) bytes += await bytesSent(file);
  return bytes / 1000;
}

/** @returns how many rows there are once no more come */
async function scrollThrough(page: Page): Promise<number> {
  const rows = (): Promise<number> => page.evaluate<number>(inPage.scrollToEnd);
  await waitFor('the end of the queue', 120_000, async () => (await rows()) >= next);
  return rows();
}

/** @returns ms from the producer's call to the frame that shows the ticket */
async function arrivalTimes(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const subject = `Arrival ${next}`;
    const seen = page.evaluate<number>(inPage.arrivalOf(subject));
    const sent = Date.now();
    await send(producer, 1, subject);
    times.push((await seen) - sent);
    // Requests that follow an arrival do not count for the next one.
    await sleep(1_500);
  }
  return times;
}

async function send(to: Producer, count: number, subject = ''): Promise<void> {
  const messages = Array.from({ length: count }, () => {
    const ticketId = String(next);
    const body = texts[next++ % texts.length];
    const occurredAt = new Date().toISOString();
    const ticket = { source: 'bench', ticketId, occurredAt, event: 'created', subject, body, channel: 'email' };
    return { key: `bench:${ticketId}`, value: JSON.stringify(ticket) };
  });
  await to.send({ topic: sample.environment['TOPIC_TICKETS'] ?? '', messages });
}

async function countUnranked(): Promise<number> {
  const [row]: { n: number }[] = await sample.dataSource.query(
    `SELECT ($1::int - count(*))::int AS n FROM tickets t JOIN suggestions s ON s.ticket = t.id WHERE t.source = 'bench'`,
    [tickets],
  );
  return row?.n ?? tickets;
}

function summary(values: number[], bar: number) {
  const rounded = (value: number): number => Math.round(value * 10) / 10;
  const [low = NaN, high = NaN] = medianInterval(values);
  const most = values.reduce((a, b) => Math.max(a, b));
  return {
    median: rounded(median(values)),
    interval: [rounded(low), rounded(high)],
    max: rounded(most),
    target: bar,
    passed: high < bar,
  };
}
