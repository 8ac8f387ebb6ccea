/**
 * npm run bench -- drift-no-shift [--clinc FOLDER] [--sizes 50:10000,200:10000,1000:2000,5000:500] [--references 50]
 *   [--evidently] [--seed 1]
 *
 * How often window tests raise false alarms, each at its nominal 1 % and all together.
 *
 * The reference is redrawn `--references` times; real texts (CLINC150) are drawn without replacement. With --evidently, the first windows of
 * each size are also tested by Evidently with its defaults (installed from PyPI into its own environment). Prints one JSON line.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config/config.js';
import { seeded, shuffle } from '../../src/statistics/random.js';
import { testCategories, testBinnedNumbers } from '../../src/statistics/contingency.js';
import { EmbeddingSums } from '../../src/monitoring/detection/embedding-test.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';
import { buildReference, countByBin } from '../../src/monitoring/reference/reference.js';
import { TicketCoder, type CodedTicket } from '../../src/monitoring/reference/ticket-coding.js';
import { WindowSample } from '../../src/monitoring/detection/window-sample.js';
import { testWindow } from '../../src/monitoring/detection/window-test.js';
import { clincTopics } from './clinc-topics.js';
import { clusteredMean } from '../support/intervals.js';
import { pythonBin } from '../support/python.js';
import { log } from '../support/service.js';
import { TicketSource, world } from './synthetic-tickets.js';

const { values: options } = parseArgs({
  options: {
    clinc: { type: 'string' },
    sizes: { type: 'string', default: '50:10000,200:10000,1000:2000,5000:500' },
    references: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    evidently: { type: 'boolean', default: false },
  },
});
const sizes = options.sizes.split(',').map((part) => part.split(':').map(Number) as [number, number]);
const references = Number(options.references);
const seed = Number(options.seed);
const windowsFile = join(mkdtempSync(join(tmpdir(), 'replyrank-bench-windows-')), 'windows.jsonl');
const referenceTickets = 5_000;
const level = 0.01;
/** Windows per reference and size for all tests together, which cost more than a single test. */
const combinedWindows = 10;
/** References and windows per size for Evidently, which takes a tenth of a second per window. */
const [comparedReferences, comparedWindows] = [10, 10];
const z999 = 3.0902;

/** Size → test → per reference whether each window was below the level */
const found = new Map(sizes.map(([size]) => [size, new Map<string, number[][]>()]));
const recordTest = (size: number, test: string, reference: number, isBelow: boolean): void => {
  const tests = found.get(size) as Map<string, number[][]>;
  const clusters = tests.get(test) ?? [];
  tests.set(test, clusters);
  (clusters[reference] ??= []).push(Number(isBelow));
};

const texts =
  options.clinc === undefined ? null : await clincTopics(options.clinc, join(readConfig().STORE_DIR, 'bench'));
const start = Date.UTC(2026, 0, 5);
const largest = Math.max(...sizes.map(([size]) => size));
for (let number = 0; number < references; number += 1) {
  const random = seeded(seed * 7_919 + number);
  const source = new TicketSource(world(60, seed, texts ? 2 : 64), seed * 10_007 + number);
  const count = texts ? texts.domainOf.length : referenceTickets + 3 * largest;
  const order = Int32Array.from({ length: count }, (_, index) => index);
  shuffle(order, count, random);
  const tickets = [...order].map((text, index): Observation => {
    const ticket = source.ticket({ index, occurredAt: new Date(start + index * 60_000) });
    return texts ? { ...ticket, embedding: texts.embeddingOf(text) } : ticket;
  });
  const reference = buildReference(
    tickets.slice(0, referenceTickets).map((observation) => ({ observation, templateId: null })),
    { seed: number, draws: 999 },
  );
  const coder = new TicketCoder(reference.coding);
  const pool = tickets.slice(referenceTickets).map((ticket) => coder.code(ticket));
  const { measures, space } = reference.coding;
  const novelty = measures.findIndex(({ part }) => part === 'novelty');
  const places = Int32Array.from(pool.keys());
  const isCompared = options.evidently && number < comparedReferences;
  if (isCompared) writeForBaseline(number, 0, tickets.slice(0, referenceTickets));
  for (const [size, windows] of sizes) {
    for (let window = 0; window < windows / references; window += 1) {
      shuffle(places, places.length, random);
      const drawn = [...places.subarray(0, size)].map((place) => pool[place] as CodedTicket);
      if (space && reference.embedding) {
        const sums = new EmbeddingSums(space, reference.embedding);
        for (const { point, values } of drawn) if (point) sums.add({ point, distance: values[novelty]! });
        const verdict = sums.test();
        if (verdict) recordTest(size, 'embedding', number, verdict.pValue <= level);
      }
      measures.forEach((measure, index) => {
        const counts = reference.counts[0]?.[index];
        if (!counts || measure.part !== null) return;
        const both = { reference: counts, window: countByBin(reference.coding, measure, drawn, 0) };
        const test = measure.kind === 'names' ? testCategories(both) : testBinnedNumbers(both);
        if (test) recordTest(size, measure.signal, number, test.pValue <= level);
      });
      if (window < combinedWindows) {
        const whole = new WindowSample(coder);
        for (const ticket of drawn) whole.addCoded(ticket);
        recordTest(
          size,
          'all',
          number,
          testWindow(reference, whole, { level, minEffect: 0 }).some(({ alarm }) => alarm),
        );
      }
      if (isCompared && window < comparedWindows) {
        writeForBaseline(
          number,
          size,
          [...places.subarray(0, size)].map((place) => tickets[referenceTickets + place] as Observation),
        );
      }
    }
  }
  log(`bench: ${number + 1} of ${references} references`);
}

/** @param size 0 for the reference itself */
function writeForBaseline(reference: number, size: number, tickets: readonly Observation[]): void {
  const plain = tickets.map(({ ranking, words, channel }) => ({ template: ranking[0]?.templateId, words, channel }));
  appendFileSync(windowsFile, `${JSON.stringify({ reference, size, tickets: plain })}\n`);
}

/** Per size: windows, windows with any drifted column, and windows with half of the columns drifted */
async function evidently(): Promise<object> {
  const python = join(await pythonBin('drift/evidently', '1 GB'), 'python');
  const script = resolve(import.meta.dirname, '../../../bench/drift/evidently_windows.py');
  return JSON.parse(execFileSync(python, [script, windowsFile], { encoding: 'utf8' })) as object;
}

const baseline = options.evidently ? { method: 'Evidently 0.7.23, defaults', windows: await evidently() } : null;
rmSync(dirname(windowsFile), { recursive: true });
const rounded = (value: number): number => Math.round(value * 10_000) / 100;
const windowResults = [...found].map(([size, tests]) => ({
  size,
  tests: Object.fromEntries(
    [...tests].map(([test, clusters]) => {
      const { mean, low, high, error } = clusteredMean(clusters);
      const count = clusters.reduce((sum, own) => sum + own.length, 0);
      // Windows of one reference are at least as uncertain as independent ones.
      const bound = mean - z999 * Math.max(error, Math.sqrt((mean * (1 - mean)) / count));
      return [
        test,
        {
          windows: count,
          percent: rounded(mean),
          interval: [rounded(low), rounded(high)],
          lower999: rounded(bound),
          met: bound <= level,
        },
      ];
    }),
  ),
}));
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-no-shift',
    texts: texts ? 'CLINC150' : 'synthetic',
    reference: referenceTickets,
    references,
    levelPercent: 100 * level,
    target: 'lower 99.9 % bound at most 1 %',
    maxLower999: Math.max(
      ...windowResults.flatMap(({ tests }) => Object.values(tests).map(({ lower999 }) => lower999)),
    ),
    baseline,
    windows: windowResults,
  })}\n`,
);
