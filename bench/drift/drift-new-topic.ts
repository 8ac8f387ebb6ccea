/**
 * npm run bench -- drift-new-topic [--clinc FOLDER] [--windows 100] [--shares 0,0.05,0.1] [--domain NAME] [--seed 1]
 *
 * How often a new topic among 1,000 tickets is detected, by the embedding test and by the whole monitor.
 *
 * Topics are synthetic, and each domain of CLINC150 left out of the reference in turn (with --clinc). The embedding test has a level of 1 %. The
 * monitor starts without evidence and keeps its guarantee on false alarms; all other signals are unchanged. Baseline: a distance of
 * mean embeddings above 0.2. Prints one JSON line.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../../src/config/config.js';
import { seeded, shuffle } from '../../src/statistics/random.js';
import { ChangeDetector } from '../../src/monitoring/detection/change-detector.js';
import { EmbeddingSums } from '../../src/monitoring/detection/embedding-test.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';
import { buildReference } from '../../src/monitoring/reference/reference.js';
import { TicketCoder, type CodedTicket } from '../../src/monitoring/reference/ticket-coding.js';
import { clincTopics } from './clinc-topics.js';
import { clusteredMean } from '../support/intervals.js';
import { log } from '../support/service.js';
import { newTopic, TicketSource, world } from './synthetic-tickets.js';

const { values: options } = parseArgs({
  options: {
    clinc: { type: 'string' },
    domain: { type: 'string' },
    windows: { type: 'string', default: '100' },
    shares: { type: 'string', default: '0,0.05,0.1' },
    seed: { type: 'string', default: '1' },
  },
});
const windows = Number(options.windows);
const seed = Number(options.seed);
const shares = options.shares.split(',').map(Number);
const referenceTickets = 5_000;
const windowTickets = 1_000;
const level = 0.01;
const targets: Record<string, number> = { 0.05: 40, 0.1: 95 };
const baselineDistance = 0.2;
/** The detector's settings were chosen on these domains. */
const developmentDomains = new Set(['auto_and_commute', 'banking', 'credit_cards', 'home', 'kitchen_and_dining']);

interface Pools {
  name: string;
  reference: Observation[];
  known: Observation[];
  fresh: Observation[];
}

type Detections = Record<'test' | 'monitor' | 'usual', boolean>;

function detect({ name, reference: tickets, known, fresh }: Pools): Map<number, Detections[]> {
  const reference = buildReference(
    tickets.map((observation) => ({ observation, templateId: null })),
    { seed, draws: 999 },
  );
  const coder = new TicketCoder(reference.coding);
  const [coded, freshCoded] = [known, fresh].map((some) => some.map((observation) => coder.code(observation))) as [
    CodedTicket[],
    CodedTicket[],
  ];
  const mean = meanEmbedding(tickets);
  const random = seeded(seed);
  const novelty = reference.coding.measures.findIndex(({ part }) => part === 'novelty');
  const caught = new Map(shares.map((share): [number, Detections[]] => [share, []]));
  const order = { known: Int32Array.from(known.keys()), fresh: Int32Array.from(fresh.keys()) };
  for (const [share, found] of caught) {
    for (let window = 0; window < windows; window += 1) {
      shuffle(order.known, order.known.length, random);
      shuffle(order.fresh, order.fresh.length, random);
      const news = Math.round(share * windowTickets);
      const isNew = Int32Array.from({ length: windowTickets }, (_, at) => Number(at < news));
      shuffle(isNew, windowTickets, random);
      const { space, embedding } = reference.coding.space
        ? { space: reference.coding.space, embedding: reference.embedding }
        : { space: null, embedding: null };
      if (!space || !embedding) throw new Error('the reference has no embeddings');
      const sums = new EmbeddingSums(space, embedding);
      const watch = new ChangeDetector(reference);
      const drawn: Observation[] = [];
      let isAlarmed = false;
      isNew.forEach((fromNew, at) => {
        const place = (fromNew ? order.fresh[at % fresh.length] : order.known[at]) as number;
        const ticket = (fromNew ? freshCoded : coded)[place] as CodedTicket;
        drawn.push((fromNew ? fresh : known)[place] as Observation);
        if (ticket.point) sums.add({ point: ticket.point, distance: ticket.values[novelty]! });
        isAlarmed ||= watch.addCoded(ticket, '').some(({ kind }) => kind === 'drift');
      });
      const distance = Math.sqrt(meanEmbedding(drawn).reduce((sum, value, at) => sum + (value - mean[at]!) ** 2, 0));
      found.push({ test: (sums.test()?.pValue ?? 1) <= level, monitor: isAlarmed, usual: distance > baselineDistance });
    }
  }
  log(
    `bench: ${name} ${JSON.stringify([...caught].map(([share, found]) => [share, percent(found, 'test'), percent(found, 'monitor')]))}`,
  );
  return caught;
}

function meanEmbedding(tickets: readonly Observation[]): Float64Array {
  const mean = new Float64Array(tickets[0]?.embedding?.length ?? 0);
  for (const { embedding } of tickets)
    embedding?.forEach((value, at) => (mean[at] = mean[at]! + value / tickets.length));
  return mean;
}

const percent = (found: readonly Detections[], way: keyof Detections): number =>
  (100 * found.filter((one) => one[way]).length) / found.length;
const when = (index: number): Date => new Date(Date.UTC(2026, 0, 5) + index * 600_000);

function synthetic(number: number): Pools {
  const desk = world(60, seed + number);
  const source = new TicketSource(desk, seed + 100 * number);
  const topic = newTopic(desk, seed + 7 + number);
  const draw = (index: number): Observation => source.ticket({ index, occurredAt: when(index) });
  const known = Array.from({ length: 6_000 }, (_, index) => draw(referenceTickets + index));
  const fresh = Array.from({ length: 400 }, (_, index) => {
    // Only the embedding is new: the model's output follows the known distribution.
    const { embedding } = source.ticket({ index, occurredAt: when(index), topic });
    return { ...draw(20_000 + index), embedding };
  });
  return {
    name: `synthetic-${number}`,
    reference: Array.from({ length: referenceTickets }, (_, index) => draw(index)),
    known,
    fresh,
  };
}

async function real(folder: string): Promise<Pools[]> {
  const { domains, domainOf, embeddingOf } = await clincTopics(folder, join(readConfig().STORE_DIR, 'bench'));
  const others = world(60, seed, 2);
  return domains.map((name, domain) => {
    const source = new TicketSource(others, seed + domain);
    const observed = (text: number, index: number): Observation => ({
      ...source.ticket({ index, occurredAt: when(index) }),
      embedding: embeddingOf(text),
    });
    const random = seeded(seed + domain);
    const within = Int32Array.from(domainOf.keys()).filter((text) => domainOf[text] !== domain);
    shuffle(within, within.length, random);
    const known = [...within].map(observed);
    const fresh = [...domainOf.keys()]
      .filter((text) => domainOf[text] === domain)
      .map((text, index) => observed(text, within.length + index));
    return { name, reference: known.slice(0, referenceTickets), known: known.slice(referenceTickets), fresh };
  });
}

interface Detected {
  name: string;
  caught: Map<number, Detections[]>;
}

function summary(all: readonly Detected[]): object[] {
  const unseen = all.filter(({ name }) => !name.startsWith('synthetic') && !developmentDomains.has(name));
  return shares.map((share) => {
    const detected = (some: readonly Detected[], way: keyof Detections): object => {
      const { mean, low, high } = clusteredMean(
        some.map(({ caught }) => (caught.get(share) ?? []).map((one) => (one[way] ? 100 : 0))),
      );
      return {
        percent: mean,
        interval: [low, high].map((bound) => Math.round(10 * Math.min(100, Math.max(0, bound))) / 10),
      };
    };
    const own = (way: keyof Detections): object => ({
      ...detected(all, way),
      byDomain: Object.fromEntries(all.map(({ name, caught }) => [name, percent(caught.get(share) ?? [], way)])),
      ...(unseen.length > 0 && { unseenDomains: detected(unseen, way) }),
    });
    return {
      share,
      target: targets[share] ?? null,
      embeddingTest: own('test'),
      wholeMonitor: own('monitor'),
      baseline: own('usual'),
    };
  });
}

const isWanted = (name: string): boolean => options.domain === undefined || options.domain === name;
const worlds = [1, 2, 3, 4, 5].filter((number) => isWanted(`synthetic-${number}`));
const detectedIn = (pools: Pools): Detected => ({ name: pools.name, caught: detect(pools) });
const made = worlds.map((number) => detectedIn(synthetic(number)));
const clinc =
  options.clinc === undefined ? [] : (await real(options.clinc)).filter(({ name }) => isWanted(name)).map(detectedIn);
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-new-topic',
    windows,
    windowTickets,
    reference: referenceTickets,
    level,
    guarantee: 'a mean of at least 100,000 tickets per false alarm',
    ...(made.length > 0 && { synthetic: summary(made) }),
    ...(clinc.length > 0 && { clinc150: summary(clinc) }),
  })}\n`,
);
