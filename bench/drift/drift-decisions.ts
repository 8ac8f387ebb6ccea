/**
 * npm run bench -- drift-decisions [--seeds 20] [--tickets 600] [--split validation|test]
 *
 * Whether injected causes of drift are named first, lead to the right action, and leave label-free accuracy right.
 *
 * Injects twelve changes into windows of the sample's tickets. The alarm is given: other benches measure detection. Baseline for the
 * accuracy without labels: mean confidence. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { seeded } from '../../src/statistics/random.js';
import { diagnose } from '../../src/monitoring/diagnosis/diagnosis.js';
import { isTop1Correct } from '../../src/monitoring/diagnosis/estimated-accuracy.js';
import type { ExposedOutcome } from '../../src/monitoring/observations/observation.js';
import { ReferenceSampler } from '../../src/monitoring/reference/reference-sample.js';
import { defaultDecisionSettings, type RetrainAction } from '../../src/monitoring/decisions/retrain-decision.js';
import { priorTrust } from '../../src/monitoring/labels/trust.js';
import { decisionAfterAlarm } from './decision-after-alarm.js';
import { log } from '../support/service.js';
import { ticketPool, type ObservedTicket, type Variant } from './shifted-tickets.js';
import { shuffled } from '../support/banking-rows.js';
import { wilsonInterval } from '../../src/statistics/intervals.js';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    tickets: { type: 'string', default: '600' },
    split: { type: 'string', default: 'validation' },
  },
});
const size = Number(options.tickets);
const pool = await ticketPool(options.split === 'test' ? 'test' : 'validation');
const sampler = new ReferenceSampler(1);
for (const { text, ...ticket } of pool.reference) sampler.add(ticket, text);
const reference = sampler.sample();

interface Case {
  name: string;
  cause: string;
  action: RetrainAction;
  window: (random: () => number) => ObservedTicket[];
  /** Share of tickets with an audit label, 0–1 */
  labelled?: number;
}

const { plain } = pool.variants;
const countsOf = (tickets: readonly ObservedTicket[]): Map<string | null, number> => {
  const counts = new Map<string | null, number>();
  for (const { templateId } of tickets) counts.set(templateId, (counts.get(templateId) ?? 0) + 1);
  return counts;
};
const [inReference, inPool] = [countsOf(pool.reference), countsOf(plain)];
const minWeight = 1e-9;

/**
 * Weighted sampling without replacement (Efraimidis & Spirakis, "Weighted random sampling with a reservoir", 2006).
 *
 * @returns indices of tickets in sampling order
 */
const weightedOrder = (weight: (ticket: ObservedTicket) => number, random: () => number): number[] =>
  plain
    .map((ticket, place) => ({ place, order: random() ** (1 / Math.max(weight(ticket), minWeight)) }))
    .sort((a, b) => b.order - a.order)
    .map(({ place }) => place);

/**
 * Samples with the template mix of the reference. The sample's test tickets have a uniform mix, unlike its training tickets: an
 * unadjusted window would have a label shift besides the injected cause.
 */
const referenceMixOrder = (random: () => number): number[] =>
  weightedOrder(({ templateId }) => (inReference.get(templateId) ?? 0) / (inPool.get(templateId) ?? 1), random);

const places = (random: () => number): number[] => referenceMixOrder(random).slice(0, size);
const at = (tickets: readonly ObservedTicket[], some: number[]): ObservedTicket[] =>
  some.flatMap((place) => tickets[place] ?? []);

const replaceShare =
  (variant: Variant, share: number) =>
  (random: () => number): ObservedTicket[] => {
    const chosen = places(random);
    const count = Math.round(share * chosen.length);
    return [...at(plain, chosen.slice(count)), ...at(pool.variants[variant], chosen.slice(0, count))];
  };

/** A window in which tickets that satisfy `has` have the given share. */
const enrich =
  (has: (ticket: ObservedTicket) => boolean, share: number) =>
  (random: () => number): ObservedTicket[] => {
    const all = at(plain, referenceMixOrder(random));
    const count = Math.round(share * size);
    return [...all.filter(has).slice(0, count), ...all.filter((ticket) => !has(ticket)).slice(0, size - count)];
  };

function shiftedMix(random: () => number): ObservedTicket[] {
  const weights = new Map([...inPool.keys()].map((templateId) => [templateId, random() ** 3]));
  return at(plain, weightedOrder(({ templateId }) => weights.get(templateId) ?? 0, random).slice(0, size));
}

function newTopic(random: () => number): ObservedTicket[] {
  const topic = pool.unknown[Math.floor(random() * pool.unknown.length)] ?? [];
  const count = Math.round(0.15 * size);
  return [...at(plain, places(random)).slice(count), ...shuffled(topic, random).slice(0, count)];
}

/** Eight templates trade their tickets in a cycle. */
function changedMeaning(random: () => number): ObservedTicket[] {
  const names = shuffled([...new Set(plain.map(({ templateId }) => templateId))], random).slice(0, 8);
  const others = new Map(names.map((name, index) => [name, names[(index + 1) % names.length]]));
  return at(plain, places(random)).map((ticket) => ({
    ...ticket,
    templateId: others.get(ticket.templateId) ?? ticket.templateId,
  }));
}

const cases: Case[] = [
  { name: 'empty bodies', cause: 'empty-text', action: 'repair', window: replaceShare('empty', 0.2) },
  { name: 'encoding', cause: 'garbled-text', action: 'repair', window: replaceShare('garbled', 0.5) },
  { name: 'field gone', cause: 'field-gone', action: 'repair', window: replaceShare('field-gone', 1) },
  { name: 'field constant', cause: 'field-constant', action: 'repair', window: replaceShare('field-constant', 1) },
  { name: 'channel', cause: 'channel', action: 'record', window: enrich(({ channel }) => channel === 'form', 0.5) },
  { name: 'language', cause: 'language', action: 'retrain', window: replaceShare('german', 0.3) },
  { name: 'field value', cause: 'field-value', action: 'record', window: enrich(({ fields }) => fields['app'] === '5.3', 0.4) },
  { name: 'label shift', cause: 'label-shift', action: 'reweight', window: shiftedMix },
  { name: 'new topic', cause: 'new-topic', action: 'label-first', window: newTopic },
  { name: 'harmless wording', cause: 'wording', action: 'record', window: replaceShare('polite', 0.7) },
  { name: 'harmful wording', cause: 'wording', action: 'retrain', window: replaceShare('telegram', 0.7) },
  { name: 'changed meaning', cause: 'changed-meaning', action: 'retrain', window: changedMeaning, labelled: 0.5 },
]; // prettier-ignore

const seeds = Number(options.seeds);
const results = cases.map(({ name, cause, action, window: windowOf, labelled = 0 }) => {
  const found = { name, named: 0, decided: 0, retrained: 0, error: 0, confidenceError: 0, covered: 0 };
  for (let seed = 1; seed <= seeds; seed += 1) {
    const random = seeded(seed * 7919);
    const window = windowOf(random).map((ticket, index) => ({ ...ticket, key: `bench:${index}` }));
    const texts = new Map(window.map(({ key, text }) => [key, text]));
    const outcomes = window.flatMap(({ key, templateId, occurredAt: labelledAt }): ExposedOutcome[] =>
      random() < labelled
        ? [
            {
              key,
              labelledAt,
              templateId,
              provenance: 'audit',
              position: null,
              shownProbability: null,
              shownFirst: null,
            },
          ]
        : [],
    );
    const { minLoss } = defaultDecisionSettings;
    const question = { reference, window, textOf: (key: string) => texts.get(key) ?? null, outcomes };
    const evidence = diagnose({ ...question, trust: priorTrust, seed, minLoss });
    const decision = decisionAfterAlarm(evidence);
    const ranked = window.filter(({ ranking }) => ranking.length > 0);
    const right = ranked.filter(isTop1Correct).length / ranked.length;
    const confidence = ranked.reduce((sum, { ranking }) => sum + (ranking[0]?.probability ?? 0), 0) / ranked.length;
    const now = evidence.accuracy?.now ?? { value: 0, low: 0, high: 0 };
    if (evidence.causes[0]?.kind === cause) found.named += 1;
    else log(`bench: ${name}, seed ${seed}: found ${evidence.causes.map(({ kind }) => kind).join(', ') || 'no cause'}`);
    if (decision.action === action) found.decided += 1;
    if (decision.action === 'retrain') found.retrained += 1;
    if (now.low <= right && right <= now.high) found.covered += 1;
    found.error += Math.abs(now.value - right) / seeds;
    found.confidenceError += Math.abs(confidence - right) / seeds;
  }
  log(`bench: ${JSON.stringify(found)}`);
  return found;
});

const all = seeds * cases.length;
const sum = (of: (one: (typeof results)[number]) => number): number =>
  results.reduce((total, one) => total + of(one), 0);
/** With its 95 % interval */
function share(hits: number, of: number): { percent: number; interval: number[] } {
  const percent = (value: number): number => Math.round(1000 * value) / 10;
  return { percent: percent(hits / of), interval: wilsonInterval(hits, of).map(percent) };
}
const points = (value: number): number => Math.round(10_000 * value) / 100;
const withoutLabels = results.filter(({ name }) => /language|label shift|wording|channel|field value/.test(name));
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-decisions',
    split: options.split,
    seeds,
    tickets: size,
    causeFirst: { ...share(sum(({ named }) => named), all), target: 90 },
    actionRight: { ...share(sum(({ decided }) => decided), all), target: 90 },
    harmlessRetrained: { ...share(results.find(({ name }) => name === 'harmless wording')?.retrained ?? 0, seeds), target: 5 },
    accuracyError: {
      points: points(withoutLabels.reduce((total, { error }) => total + error, 0) / withoutLabels.length),
      meanConfidence: points(withoutLabels.reduce((total, { confidenceError }) => total + confidenceError, 0) / withoutLabels.length),
      target: 2,
    },
    cases: results.map(({ error, confidenceError, ...one }) => ({ ...one, error: points(error), confidenceError: points(confidenceError) })),
  })}\n`,
); // prettier-ignore
