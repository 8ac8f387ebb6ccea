/**
 * npm run bench -- drift-reaction [--streams 200] [--tickets 20000] [--reference 5000] [--min-effect 0.01] [--seed 1]
 *
 * How soon one detector of numbers reacts to a shift of 0.1, 0.2 and 0.4 standard deviations at ticket 5,000.
 *
 * At the default threshold, which lets at most a fifth of streams of 20,000 tickets without shift raise an alarm, and at the lower one that
 * a fifth of such streams reach (on separate streams). Baselines: a Kolmogorov–Smirnov test of the last 500 tickets at 5 %, without and
 * with Bonferroni's correction. Alarms before the shift are counted separately. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { seeded } from '../../src/statistics/random.js';
import { binEdges } from '../../src/monitoring/reference/coding-fit.js';
import { wilsonInterval } from '../../src/statistics/intervals.js';
import { SignalDetector } from '../../src/monitoring/detection/signal-detector.js';
import { findBin, type Measure } from '../../src/monitoring/reference/ticket-coding.js';
import { median, medianInterval } from '../support/intervals.js';
import { normals } from './synthetic-tickets.js';

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: '200' },
    tickets: { type: 'string', default: '20000' },
    reference: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    'min-effect': { type: 'string', default: '0.01' },
  },
});
const [streams, tickets, size, seed] = [options.streams, options.tickets, options.reference, options.seed].map(
  Number,
) as [number, number, number, number];
const change = 5_000;
const threshold = 5 * tickets;
const minEffect = Number(options['min-effect']);
const targets: Record<string, number> = { 0.1: 1_500, 0.2: 400, 0.4: 130 };
const baselineWindow = 500;

interface StreamResult {
  alarm: number | null;
  /** Tickets at which the evidence reached a new maximum */
  records: { ticket: number; evidence: number }[];
  baseline: number | null;
  bonferroni: number | null;
}

/** First alarm of each method; null if there is none. */
function monitorStream(stream: number, shift: number): StreamResult {
  const normal = normals(seeded(seed * 1_000_003 + stream));
  const reference = Float64Array.from({ length: size }, normal).sort();
  const measure: Measure = {
    signal: 'words',
    part: null,
    kind: 'number',
    names: [],
    rare: [],
    edges: binEdges([...reference]),
    hasRhythm: false,
  };
  const counts = new Float64Array(measure.edges.length + 1);
  for (const value of reference) {
    const bin = findBin(measure, Math.fround(value));
    counts[bin] = counts[bin]! + 1;
  }
  const detector = new SignalDetector({ measure, counts, isSlice: false, minEffect });
  const random = seeded(stream);
  const found: StreamResult = { alarm: null, records: [], baseline: null, bonferroni: null };
  const block = new Float64Array(baselineWindow);
  const tests = tickets / baselineWindow;
  for (let ticket = 0; ticket < tickets; ticket += 1) {
    const value = normal() + (ticket >= change ? shift : 0);
    detector.add(findBin(measure, Math.fround(value)), 0, random());
    if (detector.evidence >= threshold) found.alarm ??= ticket;
    const { evidence } = detector;
    if (evidence > Math.max(1_000, found.records.at(-1)?.evidence ?? 0)) found.records.push({ ticket, evidence });
    block[ticket % baselineWindow] = value;
    if ((ticket + 1) % baselineWindow !== 0) continue;
    const pValue = kolmogorovSmirnov(reference, block.slice().sort());
    if (pValue < 0.05) found.baseline ??= ticket;
    if (pValue < 0.05 / tests) found.bonferroni ??= ticket;
  }
  return found;
}

/** Asymptotic p-value of two sorted samples (Numerical Recipes, 14.3.3). */
function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  let [i, j, distance] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if (a[i]! <= b[j]!) i += 1;
    else j += 1;
    distance = Math.max(distance, Math.abs(i / a.length - j / b.length));
  }
  const root = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const x = (root + 0.12 + 0.11 / root) * distance;
  let sum = 0;
  for (let k = 1; k < 100; k += 1) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, sum));
}

const share = (part: readonly unknown[], whole: number): object => ({
  percent: (100 * part.length) / whole,
  interval: wilsonInterval(part.length, whole).map((bound) => Math.round(1_000 * bound) / 10),
});
const noShift = Array.from({ length: streams }, (_, stream) => monitorStream(stream, 0));
/** Maximum evidence that a fifth of the streams without shift reach */
const oneInFive = noShift.map(({ records }) => records.at(-1)?.evidence ?? 0).sort((a, b) => b - a)[
  Math.floor(streams / 5)
]!;
const shifts = Object.keys(targets).map((shift) => {
  const runs = Array.from({ length: streams }, (_, stream) => monitorStream(stream + streams, Number(shift)));
  const delays = (
    alarmOf: (run: StreamResult) => number | null,
  ): { early: number; median: number; interval: number[] } => {
    const late = runs.flatMap((run) => {
      const alarm = alarmOf(run) ?? Infinity;
      return alarm < change ? [] : [alarm - change + 1];
    });
    return { early: runs.length - late.length, median: median(late), interval: medianInterval(late) };
  };
  const bar = targets[shift]!;
  const own = delays(({ records }) => records.find(({ evidence }) => evidence > oneInFive)?.ticket ?? null);
  return {
    shift: Number(shift),
    target: bar,
    met: own.median <= bar,
    ...own,
    atDefaultThreshold: delays(({ alarm }) => alarm),
    baseline: delays(({ baseline: usual }) => usual),
    bonferroni: delays(({ bonferroni }) => bonferroni),
  };
});
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-reaction',
    streams,
    tickets,
    reference: size,
    threshold: { oneInFive: Math.round(oneInFive), default: threshold },
    minEffect,
    noShift: {
      target: 20,
      alarms: share(
        noShift.filter(({ alarm }) => alarm !== null),
        streams,
      ),
      baseline: share(
        noShift.filter(({ baseline: usual }) => usual !== null),
        streams,
      ),
      bonferroni: share(
        noShift.filter(({ bonferroni }) => bonferroni !== null),
        streams,
      ),
    },
    shifts,
  })}\n`,
);
