/**
 * npm run bench -- drift-year [--seeds 20] [--per-day 100] [--days 364] [--versions 12] [--seed 1]
 *
 * How many drift alarms a year without a real change raises.
 *
 * Weekends have fewer tickets, more of them by chat and longer. Two outages bring hundreds of near-duplicates, in several versions of
 * one message that differ in one word of twenty; they should raise volume alarms only. A drift alarm within 200 tickets of the last counts
 * as the same. Baseline: weekly chi-square tests at 5 % of channel, language, country and words. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { seeded } from '../../src/statistics/random.js';
import { textFacts } from '../../src/models/features/text-facts.js';
import { chiSquareTest } from '../../src/statistics/contingency.js';
import { ChangeDetector } from '../../src/monitoring/detection/change-detector.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';
import { buildReference, countByBin } from '../../src/monitoring/reference/reference.js';
import { TicketCoder, type CodedTicket } from '../../src/monitoring/reference/ticket-coding.js';
import { clusteredMean } from '../support/intervals.js';
import { log } from '../support/service.js';
import { newTopic, TicketSource, world } from './synthetic-tickets.js';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    'per-day': { type: 'string', default: '100' },
    days: { type: 'string', default: '364' },
    versions: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
  },
});
const [seeds, perDay, days, first] = [options.seeds, options['per-day'], options.days, options.seed].map(Number) as [
  number,
  number,
  number,
  number,
];
const dayMs = 86_400_000;
const monday = Date.UTC(2024, 0, 1);
/** The half year before, which is the reference */
const referenceDays = 182;
const outageDays = [100, 250];
const outageTickets = 400;
const messageVersions = Number(options.versions);
const alarmSpan = 200;
const target = 2;
const baselineSignals = ['channel', 'language', 'field:country', 'words'];

const desk = world(60, first, 64);

/** Tickets of one day, in order of time. */
function* dayOf(source: TicketSource, random: () => number, day: number, from: number): Generator<Observation> {
  const isWeekend = day % 7 >= 5;
  // The weekly mean is `--per-day`.
  const mean = perDay * (isWeekend ? 0.4 : 1.24);
  const count = Math.max(1, Math.round(mean + 2 * Math.sqrt(mean) * (random() - 0.5)));
  const times = Float64Array.from({ length: count }, () => random()).sort();
  for (let at = 0; at < count; at += 1) {
    const occurredAt = new Date(monday + (day + times[at]!) * dayMs);
    const ticket = source.ticket({ index: from + at, occurredAt });
    yield isWeekend
      ? { ...ticket, channel: random() < 0.5 ? 'chat' : ticket.channel, words: Math.round(1.5 * ticket.words) }
      : ticket;
  }
}

const messageWords = 40;
const changedWords = 0.05;

function* outage(source: TicketSource, seed: number, day: number): Generator<Observation> {
  const topic = newTopic(desk, seed);
  const random = seeded(seed);
  // Letters only: digits do not count as words.
  const word = (): string => Math.floor(random() * 26 ** 4).toString(26).replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? ''); // prettier-ignore
  const message = Array.from({ length: messageWords }, word);
  const versions = Array.from({ length: messageVersions }, (_, index) => {
    const body = message.map((own) => (random() < changedWords ? word() : own)).join(' ');
    const ticket = source.ticket({ index: -1 - index - messageVersions * day, occurredAt: new Date(0), topic });
    return { ...ticket, ...textFacts({ subject: '', body }, null), unknownShare: ticket.unknownShare };
  });
  for (let at = 0; at < outageTickets; at += 1) {
    const occurredAt = new Date(monday + (day + 0.4 + (0.3 * at) / outageTickets) * dayMs);
    const copy = versions[at % messageVersions] as Observation;
    yield { ...copy, key: `${copy.key}-${at}`, occurredAt };
  }
}

let baselineAlarms = 0;
const years = Array.from({ length: seeds }, (_, index) => {
  const seed = first * 1_000 + index;
  const source = new TicketSource(desk, seed);
  const random = seeded(seed);
  let number = 0;
  const drawn = (day: number): Observation[] => {
    const tickets = [...dayOf(source, random, day, number)];
    number += tickets.length;
    return tickets;
  };
  const before = Array.from({ length: referenceDays }, (__, day) => drawn(day)).flat();
  const reference = buildReference(
    before.map((observation) => ({ observation, templateId: null })),
    { seed, draws: 1 },
  );
  const coder = new TicketCoder(reference.coding);
  const watch = new ChangeDetector(reference);
  const [drift, volume]: [number[], number[]] = [[], []];
  let [standing, since] = [0, Infinity];
  let week: CodedTicket[] = [];
  for (let day = referenceDays; day < referenceDays + days; day += 1) {
    const own = outageDays.includes(day - referenceDays) ? [...outage(source, seed + day, day)] : [];
    const all = [...drawn(day), ...own].sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime());
    for (const observation of all) {
      const coded = coder.code(observation);
      week.push(coded);
      since += 1;
      for (const { kind } of watch.addCoded(coded, observation.key)) {
        (kind === 'drift' ? drift : volume).push(day - referenceDays);
        if (kind !== 'drift') continue;
        standing += since > alarmSpan ? 1 : 0;
        since = 0;
      }
    }
    if (day % 7 < 6) continue;
    const tickets = week;
    week = [];
    const isUsual = reference.coding.measures.some((measure, at) => {
      const counts = reference.counts[0]?.[at];
      if (!baselineSignals.includes(measure.signal) || !counts || measure.hasRhythm) return false;
      return chiSquareTest(counts, countByBin(reference.coding, measure, tickets, 0)).pValue < 0.05;
    });
    baselineAlarms += isUsual ? 1 : 0;
  }
  log(
    `bench: year ${index + 1} of ${seeds}: drift alarms on days ${drift.join(', ') || 'none'}; volume alarms on ${volume.join(', ')}`,
  );
  return { standing, raised: drift.length, volume: volume.length, tickets: number };
});
const mean = clusteredMean(years.map(({ standing }) => [standing]));
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-year',
    seeds,
    ticketsPerYear: Math.round(years.reduce((sum, { tickets }) => sum + tickets, 0) / seeds / ((referenceDays + days) / days)),
    versions: messageVersions,
    target,
    met: mean.mean <= target,
    driftAlarmsPerYear: { mean: mean.mean, interval: [mean.low, mean.high] },
    raisedPerYear: years.reduce((sum, { raised }) => sum + raised, 0) / seeds,
    volumeAlarmsPerYear: years.reduce((sum, { volume }) => sum + volume, 0) / seeds,
    baseline: { method: 'chi-square at 5 % of signals without a weekly rhythm, every week', alarmsPerYear: baselineAlarms / seeds },
  })}\n`,
); // prettier-ignore
