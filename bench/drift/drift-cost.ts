/**
 * npm run bench -- drift-cost [--tickets 1000000] [--encoding-us 2500] [--seed 1]
 *
 * What watching costs: a million tickets through the window's sums and all detectors, processor time a ticket in ten parts, growth
 * of the heap, and the share of what encoding a text costs. Embeddings have the encoder's 384 numbers. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { Watch } from '../../src/monitoring/detection/change-watch.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';
import { buildReference } from '../../src/monitoring/reference/reference.js';
import { TicketCoder } from '../../src/monitoring/reference/ticket-coding.js';
import { WindowSums } from '../../src/monitoring/detection/window-sums.js';
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
const different = 20_000;

const source = new TicketSource(world(60, seed, 384), seed);
const start = Date.UTC(2026, 0, 5);
const draw = (index: number): Observation => source.ticket({ index, occurredAt: new Date(start + index * 60_000) });
const reference = buildReference(
  Array.from({ length: 5_000 }, (_, index) => ({ observation: draw(index), templateId: null })),
  { seed, draws: 1 },
);
const coder = new TicketCoder(reference.coding);
const tickets = Array.from({ length: different }, (_, index) => draw(index));
const window = new WindowSums(coder);
const watch = new Watch(reference);
const collect = (globalThis as { gc?: () => void }).gc;
const heap = (): number => {
  collect?.();
  return process.memoryUsage().heapUsed / 1e6;
};

let at = 0;
/** @returns processor time of a ticket, µs */
function run(some: number): number {
  const { user, system } = process.cpuUsage();
  for (let end = at + some; at < end; at += 1) {
    const index = 5_000 + at;
    const drawn = tickets[at % different] as Observation;
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
// The trend over all parts, of least squares: single parts meet whatever else the machine does.
const middle = (parts - 1) / 2;
const slope =
  times.reduce((sum, time, part) => sum + (part - middle) * (time - mean), 0) /
  times.reduce((sum, _, part) => sum + (part - middle) ** 2, 0);
const trendPercent = (100 * slope * (parts - 1)) / mean;
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-cost',
    tickets: count,
    usATicket: {
      mean,
      interval: [mean - (1.96 * deviation) / Math.sqrt(parts), mean + (1.96 * deviation) / Math.sqrt(parts)],
      parts: times,
    },
    trendPercent,
    heapGrowthMb: collect ? growth : null,
    stateBytes: JSON.stringify(watch).length,
    percentOfEncoding: (100 * mean) / encodingUs,
    bar: { trendPercent: 10, heapGrowthMb: 5, percentOfEncoding: 5 },
    met: Math.abs(trendPercent) <= 10 && growth < 5 && mean < 0.05 * encodingUs,
    usual: { what: 'a window that keeps its embeddings', megabytes: (count * 384 * 4) / 1e6 },
  })}\n`,
);
