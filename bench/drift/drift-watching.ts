/**
 * npm run bench -- drift-watching [--streams 200] [--tickets 20000] [--references 40] [--seed 1]
 *
 * How many streams without shift raise an alarm in the whole monitor, with all signals and slices.
 *
 * Baseline on the same streams: chi-square tests at 5 % of channel, language, country and words of every 500 tickets. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { seeded, shuffle } from '../../src/statistics/random.js';
import { chiSquareTest } from '../../src/statistics/contingency.js';
import { ChangeDetector } from '../../src/monitoring/detection/change-detector.js';
import { wilsonInterval } from '../../src/statistics/intervals.js';
import { buildReference, countByBin } from '../../src/monitoring/reference/reference.js';
import { TicketCoder, type CodedTicket } from '../../src/monitoring/reference/ticket-coding.js';
import { log } from '../support/service.js';
import { TicketSource, world } from './synthetic-tickets.js';

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: '200' },
    tickets: { type: 'string', default: '20000' },
    references: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
  },
});
const [streams, tickets, references, seed] = [options.streams, options.tickets, options.references, options.seed].map(
  Number,
) as [number, number, number, number];
const referenceTickets = 5_000;
const baselineWindow = 500;
const target = 20;

const desk = world(60, seed, 64);
const start = Date.UTC(2026, 0, 5);
let [alarmed, usual, watched] = [0, 0, 0];
const firstSignals: Record<string, number> = {};
for (let number = 0; number < references; number += 1) {
  const source = new TicketSource(desk, seed * 10_007 + number);
  const draw = (index: number) => source.ticket({ index, occurredAt: new Date(start + index * 600_000) });
  const reference = buildReference(
    Array.from({ length: referenceTickets }, (_, index) => ({ observation: draw(index), templateId: null })),
    { seed: number, draws: 1 },
  );
  const coder = new TicketCoder(reference.coding);
  // Streams of one reference are drawn from twice as many tickets as each has, without replacement.
  const pool = Array.from({ length: 2 * tickets }, (_, index) => coder.code(draw(referenceTickets + index)));
  const random = seeded(number + 1);
  for (let stream = 0; stream < streams / references; stream += 1) {
    const order = Int32Array.from(pool.keys());
    shuffle(order, order.length, random);
    const watch = new ChangeDetector(reference);
    const window: CodedTicket[] = [];
    let [isAlarmed, isUsual] = [false, false];
    for (let at = 0; at < tickets; at += 1) {
      const drawn = pool[order[at]!] as CodedTicket;
      // Times follow the stream; keys are its own, and with them the randomness.
      const ticket = { ...drawn, at: start + (referenceTickets + at) * 600_000, key: drawn.key + stream };
      const [alarm] = watch.addCoded(ticket, '').filter(({ kind }) => kind === 'drift');
      if (alarm && !isAlarmed) {
        isAlarmed = true;
        const signal = alarm.findings[0]?.signal ?? '';
        firstSignals[signal] = (firstSignals[signal] ?? 0) + 1;
      }
      window.push(ticket);
      if (window.length < baselineWindow) continue;
      isUsual ||= reference.coding.measures.some((measure, index) => {
        const counts = reference.counts[0]?.[index];
        if (!['channel', 'language', 'field:country', 'words'].includes(measure.signal) || !counts) return false;
        return chiSquareTest(counts, countByBin(reference.coding, measure, window, 0)).pValue < 0.05;
      });
      window.length = 0;
    }
    watched += 1;
    alarmed += Number(isAlarmed);
    usual += Number(isUsual);
  }
  log(`bench: ${watched} of ${streams} streams, ${alarmed} with an alarm`);
}
const share = (count: number): object => ({
  percent: (100 * count) / watched,
  interval: wilsonInterval(count, watched).map((bound) => Math.round(1_000 * bound) / 10),
});
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-watching',
    streams: watched,
    tickets,
    references,
    reference: referenceTickets,
    target,
    met: (100 * alarmed) / watched <= target,
    alarms: share(alarmed),
    firstSignals,
    baseline: { method: 'chi-square at 5 % of four signals every 500 tickets', alarms: share(usual) },
  })}\n`,
);
