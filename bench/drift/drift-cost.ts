/**
 * npm run bench -- drift-cost [--tickets 1000000] [--encoding-us 2500] [--seed 1]
 *
 * What monitoring a ticket costs: processor time, heap growth, and the share of encoding time.
 *
 * Feeds a million tickets, with embeddings of 384 numbers, to the window sums and all detectors. Processor time is measured in ten
 * parts, for a trend. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { ChangeDetector } from '../../src/monitoring/detection/change-detector.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';
import { buildReference } from '../../src/monitoring/reference/reference.js';
import { TicketCoder } from '../../src/monitoring/reference/ticket-coding.js';
import { WindowSample } from '../../src/monitoring/detection/window-sample.js';
import { TicketSource, world } from './synthetic-tickets.js';

const { values: options } = parseArgs({
  options: {
    tickets: { type: 'string', default: '1000000' },
    'encoding-us': { type: 'string', default: '2500' },
    seed: { type: 'string', default: '1' },
  },
});
const count = Number(options.tickets);
const encodingUs = Number(options['encoding-us']);
const seed = Number(options.seed);
const parts = 10;
const distinctTickets = 20_000;

const source = new TicketSource(world(60, seed, 384), seed);
const start = Date.UTC(2026, 0, 5);
const draw = (index: number): Observation => source.ticket({ index, occurredAt: new Date(start + index * 60_000) });
const reference = buildReference(
  Array.from({ length: 5_000 }, (_, index) => ({ observation: draw(index), templateId: null })),
  { seed, draws: 1 },
);
const coder = new TicketCoder(reference.coding);
const tickets = Array.from({ length: distinctTickets }, (_, index) => draw(index));
const window = new WindowSample(coder);
const watch = new ChangeDetector(reference);
const collect = (globalThis as { gc?: () => void }).gc;
const heap = (): number => {
  collect?.();
  return process.memoryUsage().heapUsed / 1e6;
};

let at = 0;
/** @returns processor time per ticket, µs */
function run(some: number): number {
  const { user, system } = process.cpuUsage();
  for (let end = at + some; at < end; at += 1) {
    const index = 5_000 + at;
    const drawn = tickets[at % distinctTickets] as Observation;
    const ticket = {
      ...drawn,
      key: `bench:${index}`,
      fingerprint: `${index}`,
      occurredAt: new Date(start + index * 60_000),
    };
    const coded = coder.code(ticket);
    window.addCoded(coded);
    watch.addCoded(coded, ticket.key);
  }
  const used = process.cpuUsage({ user, system });
  return (used.user + used.system) / some;
}

run(20_000);
const before = heap();
const times = Array.from({ length: parts }, () => run(count / parts));
const growth = heap() - before;
const mean = times.reduce((a, b) => a + b, 0) / parts;
const deviation = Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (parts - 1));
// Least-squares trend over all parts: single parts are affected by other load on the machine.
const middle = (parts - 1) / 2;
const slope =
  times.reduce((sum, time, part) => sum + (part - middle) * (time - mean), 0) /
  times.reduce((sum, _, part) => sum + (part - middle) ** 2, 0);
const trendPercent = (100 * slope * (parts - 1)) / mean;
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-cost',
    tickets: count,
    usPerTicket: {
      mean,
      interval: [mean - (1.96 * deviation) / Math.sqrt(parts), mean + (1.96 * deviation) / Math.sqrt(parts)],
      parts: times,
    },
    trendPercent,
    heapGrowthMb: collect ? growth : null,
    stateKb: Math.round(JSON.stringify(watch).length / 1_000),
    percentOfEncoding: (100 * mean) / encodingUs,
    target: { trendPercent: 10, heapGrowthMb: 5, percentOfEncoding: 5 },
    met: Math.abs(trendPercent) <= 10 && growth < 5 && mean < 0.05 * encodingUs,
    baseline: { method: 'a window that keeps its embeddings', memoryMb: (count * 384 * 4) / 1e6 },
  })}\n`,
);
