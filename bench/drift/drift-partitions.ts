/**
 * npm run bench -- drift-partitions [--tickets 20000] [--seed 1]
 *
 * Whether partitions, redeliveries and restarts change window sums or alarms.
 *
 * Eight partitions, shuffled, a third of the tickets delivered twice, restarted halfway, compared with one ordered stream. Prints one JSON
 * line.
 */
import { parseArgs } from 'node:util';
import { seeded, shuffle } from '../../src/statistics/random.js';
import { ChangeDetector, type Alarm } from '../../src/monitoring/detection/change-detector.js';
import { buildReference } from '../../src/monitoring/reference/reference.js';
import { TicketCoder } from '../../src/monitoring/reference/ticket-coding.js';
import { WindowSample } from '../../src/monitoring/detection/window-sample.js';
import { testWindow } from '../../src/monitoring/detection/window-test.js';
import { newTopic, TicketSource, world } from './synthetic-tickets.js';

const { values: options } = parseArgs({
  options: { tickets: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(options.tickets);
const seed = Number(options.seed);
const partitions = 8;
const referenceTickets = 4_000;

const desk = world(60, seed, 64);
const source = new TicketSource(desk, seed);
const topic = newTopic(desk, seed);
const when = (index: number): Date => new Date(Date.UTC(2026, 0, 5) + index * 600_000);
const reference = buildReference(
  Array.from({ length: referenceTickets }, (_, index) => ({
    observation: source.ticket({ index, occurredAt: when(index) }),
    templateId: null,
  })),
  { seed, draws: 999 },
);
const coder = new TicketCoder(reference.coding);
// A new topic arrives in the second half, so that there are alarms to compare.
const tickets = Array.from({ length: count }, (_, at) => {
  const index = referenceTickets + at;
  const isNew = at > count / 2 && at % 12 === 0;
  return source.ticket({ index, occurredAt: when(index), ...(isNew && { topic }) });
});

const inOrder = new WindowSample(coder);
for (const ticket of tickets) inOrder.add(ticket);

const random = seeded(seed);
const deliveries = Int32Array.from({ length: Math.floor((4 * count) / 3) }, (_, at) =>
  at < count ? at : Math.floor(random() * count),
);
shuffle(deliveries, deliveries.length, random);
let parts = Array.from({ length: partitions }, () => new WindowSample(coder));
deliveries.forEach((index, at) => {
  if (at === Math.floor(deliveries.length / 2)) {
    parts = parts.map((part) =>
      WindowSample.fromJSON(coder, JSON.parse(JSON.stringify(part)) as ReturnType<WindowSample['toJSON']>),
    );
  }
  parts[Math.floor(random() * partitions)]?.add(tickets[index] as (typeof tickets)[number]);
});
const merged = new WindowSample(coder);
for (const part of parts) merged.merge(part);

const [ofOne, ofMany] = [inOrder, merged].map((window) => testWindow(reference, window));
const key = ({ signal, slice }: { signal: string; slice: { by: string; value: string } }): string =>
  `${signal} ${slice.by} ${slice.value}`;
const statistics = new Map(ofOne?.map((finding) => [key(finding), finding.statistic]));
const largest = (ofMany ?? []).reduce(
  (most, finding) => Math.max(most, Math.abs(finding.statistic - (statistics.get(key(finding)) ?? Infinity))),
  0,
);

/** Like the monitor: each ticket once, in order of time, from whatever partition. */
function alarmsOf(restartEvery: number): string {
  let watch = new ChangeDetector(reference);
  const alarms: Alarm[] = [];
  tickets.forEach((ticket, at) => {
    if (at > 0 && at % restartEvery === 0)
      watch = new ChangeDetector(
        reference,
        {},
        JSON.parse(JSON.stringify(watch)) as ReturnType<ChangeDetector['toJSON']>,
      );
    alarms.push(...watch.add(ticket));
  });
  return JSON.stringify([alarms, watch]);
}
const [whole, restarted] = [alarmsOf(Infinity), alarmsOf(Math.floor(count / 2))];
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-partitions',
    tickets: count,
    deliveries: deliveries.length,
    partitions,
    target: 1e-6,
    findings: ofMany?.length,
    largestDifference: largest,
    sameWindow: JSON.stringify(inOrder) === JSON.stringify(merged),
    alarms: (JSON.parse(whole) as [Alarm[]])[0].length,
    sameAlarmsAndEvidence: whole === restarted,
    volume: { counted: merged.volume, tickets: count },
    met: largest <= 1e-6 && whole === restarted,
    baseline: { method: 'counting each delivery', tickets: deliveries.length },
  })}\n`,
);
