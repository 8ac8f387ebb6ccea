/**
 * npm run bench -- drift-label-shift [--seeds 100] [--tickets 1000] [--labels-per-template 6]
 *   [--split validation|test] [--seed 1]
 *
 * How well a label shift is estimated and corrected, on a model with at most 85 % top-1 accuracy.
 *
 * The model is a ridge regression on the embeddings of six labels per template of Banking77. Each seed splits the tickets anew, and draws a
 * new template mix (Dirichlet, or Zipf in random order) and a window from it. The alarm is given; the diagnosis uses 3,000 labelled
 * tickets that the model has not learned from.
 *
 * Measured: the error of the estimated mix, relative to counting predictions (baselines: black-box shift estimation, Lipton, Wang & Smola,
 * ICML 2018; expectation maximisation on uncalibrated probabilities, Saerens 2002); how often the decision is to re-weight; and top-1
 * accuracy with class weights, against retraining on as many labels of the new mix, on these and the original labels, and on the original
 * labels resampled. Windows of `test` come from the sample's test tickets. Prints one JSON line.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hash32, seeded } from '../../src/statistics/random.js';
import type { RankedTemplate } from '../../src/models/ranker.js';
import { wilsonInterval } from '../../src/statistics/intervals.js';
import { textFacts } from '../../src/models/features/text-facts.js';
import { toRankInput } from '../../src/models/dataset/data-row.js';
import { toClassProbabilities, type ClassList } from '../../src/monitoring/diagnosis/class-probabilities.js';
import { diagnose } from '../../src/monitoring/diagnosis/diagnosis.js';
import { isTop1Correct } from '../../src/monitoring/diagnosis/estimated-accuracy.js';
import { estimateShares, shareDistance } from '../../src/monitoring/diagnosis/label-shift.js';
import { ReferenceSampler } from '../../src/monitoring/reference/reference-sample.js';
import { defaultDecisionSettings } from '../../src/monitoring/decisions/retrain-decision.js';
import { priorTrust } from '../../src/monitoring/labels/trust.js';
import { reweightRanking } from '../../src/monitoring/diagnosis/reweighted-ranking.js';
import type { SimulatedTicket } from '../../src/retrain/simulation/simulated-agents.js';
import { decisionAfterAlarm } from './decision-after-alarm.js';
import { clusteredMean, ratioOfMeans } from '../support/intervals.js';
import type { TicketRow } from '../support/rankings.js';
import { RidgeModels } from '../models/ridge-models.js';
import { benchDir, log } from '../support/service.js';
import type { ObservedTicket } from './shifted-tickets.js';
import { cachedEmbeddings } from '../support/text-embeddings.js';
import { bankingRows, splitPerTemplate, shuffled } from '../support/banking-rows.js';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    tickets: { type: 'string', default: '1000' },
    'labels-per-template': { type: 'string', default: '6' },
    split: { type: 'string', default: 'validation' },
    seed: { type: 'string', default: '1' },
  },
});
const [seeds, size, each, first] = [options.seeds, options.tickets, options['labels-per-template'], options.seed].map(
  Number,
) as [number, number, number, number];
const referenceTickets = 3_000;
const zipfPower = 1;

const [train, test] = [bankingRows('train'), bankingRows('test')];
const all = [...train, ...test];
const { values, size: width } = await cachedEmbeddings(
  all.map(({ text }) => text),
  join(benchDir, 'cache'),
);
const vectors = new Map(all.map(({ text }, at) => [text.trim(), values.subarray(at * width, (at + 1) * width)]));
const embeddingOf = (text: string): Float32Array => {
  const vector = vectors.get(text.trim());
  if (!vector) throw new Error(`no embedding of "${text}"`);
  return vector;
};
const templates = [...new Set(all.map(({ templateId }) => templateId ?? ''))].sort();

function toTicket({ text, templateId }: TicketRow, index: number): SimulatedTicket {
  const occurredAt = new Date(1_700_000_000_000 + index * 60_000);
  const facts = { line: index, id: null, subject: '', noneFits: false, contactType: null, channel: null, language: null };
  const row = { ...facts, body: text, label: templateId, occurredAt, fields: {} };
  return { id: index, key: `bench:${index}:${hash32(text)}`, at: occurredAt, row };
} // prettier-ignore

const trainRidge = (models: RidgeModels, rows: readonly TicketRow[]): Promise<string> =>
  models.train(rows.map((row, index) => ({ ticket: toTicket(row, index), template: row.templateId })));

async function rankRows(models: RidgeModels, version: string, rows: readonly TicketRow[]): Promise<ObservedTicket[]> {
  const tickets = rows.map(toTicket);
  const rankings = await models.rank(version, tickets.map(({ row }) => toRankInput(row, false))); // prettier-ignore
  return rows.map(({ text, templateId }, index) => {
    const { key, at: occurredAt } = tickets[index] as SimulatedTicket;
    const { items = [], abstained = true } = rankings[index] ?? {};
    const entropy = items.reduce((sum, { probability: p }) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
    const said = { ranking: items, entropy, abstained, reason: abstained ? ('unsure' as const) : null };
    const unknown = { contactType: null, channel: null, language: null, fields: {} };
    const facts = textFacts({ subject: '', body: text }, null);
    return { key, occurredAt, embedding: embeddingOf(text), ...said, ...unknown, ...facts, templateId, text };
  });
}

/** A new template mix: uniform over all mixes (Dirichlet), or Zipf. */
function drawMix(seed: number, random: () => number): Map<string, number> {
  const order = shuffled(templates, random);
  const weights = order.map((_, rank) => (seed % 2 === 0 ? (rank + 1) ** -zipfPower : -Math.log(1 - random())));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return new Map(order.map((name, at) => [name, weights[at]! / total]));
}

/** Samples rows with this mix, as far as there are enough rows per template (Efraimidis & Spirakis 2006). */
function drawn(rows: readonly TicketRow[], count: number, shares: ReadonlyMap<string, number>, random: () => number) {
  const counts = new Map<string | null, number>();
  for (const { templateId } of rows) counts.set(templateId, (counts.get(templateId) ?? 0) + 1);
  return rows
    .map((row) => {
      const weight = (shares.get(row.templateId ?? '') ?? 0) / (counts.get(row.templateId) ?? 1);
      return { row, order: Math.log(1 - random()) / Math.max(weight, 1e-12) };
    })
    .sort((a, b) => b.order - a.order)
    .slice(0, count)
    .map(({ row }) => row);
}

function resampleRows(rows: readonly TicketRow[], shares: ReadonlyMap<string, number>, random: () => number) {
  const weights = rows.map(({ templateId }) => shares.get(templateId ?? '') ?? 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return rows.map(() => {
    let left = random() * total;
    return rows[weights.findIndex((weight) => (left -= weight) < 0)] ?? (rows[0] as TicketRow);
  });
}

function countShares(names: readonly string[], of: readonly (string | null | undefined)[]): Float64Array {
  const places = new Map(names.map((name, place) => [name, place]));
  const shares = new Float64Array(names.length);
  for (const name of of) {
    const place = places.get(name ?? '');
    if (place !== undefined) shares[place] = shares[place]! + 1 / of.length;
  }
  return shares;
}

const topTemplate = ({ ranking }: ObservedTicket): string | undefined => ranking[0]?.templateId;

interface ClassPrior extends ClassList {
  places: ReadonlyMap<string, number>;
}

function classPrior(reference: readonly ObservedTicket[]): ClassPrior {
  const counts = templates.map((name) => 0.5 + reference.filter(({ templateId }) => templateId === name).length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const places = new Map(templates.map((name, place) => [name, place]));
  return { names: templates, places, shares: Float64Array.from(counts, (count) => count / total) };
}

/** Solves C w = μ by least squares, where C is the joint distribution of predicted and correct templates in the reference. */
function blackBoxShares(
  { names, shares, places }: ClassPrior,
  reference: readonly ObservedTicket[],
  counted: Float64Array,
): Float64Array {
  const joint = names.map(() => new Float64Array(names.length));
  for (const ticket of reference) {
    const row = joint[places.get(topTemplate(ticket) ?? '') ?? -1];
    const column = places.get(ticket.templateId ?? '');
    if (row && column !== undefined) row[column] = row[column]! + 1 / reference.length;
  }
  const system = names.map((_, a) => [
    ...names.map((__, b) => joint.reduce((sum, row) => sum + row[a]! * row[b]!, 0)),
    joint.reduce((sum, row, at) => sum + row[a]! * counted[at]!, 0),
  ]);
  const ratios = solve(system);
  const raw = shares.map((share, at) => Math.max(share * (ratios[at] ?? 0), 0));
  const total = raw.reduce((sum, share) => sum + share, 0) || 1;
  return raw.map((share) => share / total);
}

/** Gauss–Jordan elimination of a positive definite system; the last column is the right-hand side. */
function solve(system: number[][]): number[] {
  system.forEach((row, at) => {
    row[at] = row[at]! + 1e-12;
  });
  system.forEach((row, at) => {
    const pivot = row[at]!;
    for (let column = at; column < row.length; column += 1) row[column] = row[column]! / pivot;
    for (const other of system) {
      const factor = other[at]!;
      if (other === row || factor === 0) continue;
      for (let column = at; column < row.length; column += 1) other[column] = other[column]! - factor * row[column]!;
    }
  });
  return system.map((row) => row.at(-1) ?? 0);
}

interface Result {
  /** Sum of absolute errors of the shares */
  errors: Record<'ours' | 'counting' | 'blackBox' | 'plain', number>;
  /** Top-1 accuracy on the window, percent */
  right: Record<'asItIs' | 'reweighted' | 'retrained' | 'retrainedOnBoth' | 'retrainedOnItsOwn', number>;
  /** Top-1 accuracy on the reference, percent */
  accuracy: number;
  /** Share of tickets that changed their template, 0–1 */
  moved: number;
  action: string;
}

async function runWindow(seed: number): Promise<Result> {
  const random = seeded(seed * 7_919);
  const { taken, left } = splitPerTemplate(train, each, seed);
  const referenceRows = left.slice(0, referenceTickets);
  const pool = options.split === 'test' ? test : left.slice(referenceTickets);
  const windowRows = shuffled(drawn(pool, size, drawMix(seed, random), random), random);
  const models = new RidgeModels({ embeddingOf, seed, folder: null });
  const version = await trainRidge(models, taken);
  const [reference, window] = [
    await rankRows(models, version, referenceRows),
    await rankRows(models, version, windowRows),
  ];
  const sampler = new ReferenceSampler(seed);
  for (const { text, ...ticket } of reference) sampler.add(ticket, text);
  const texts = new Map(window.map(({ key, text }) => [key, text]));
  const { minLoss } = defaultDecisionSettings;
  const sample = sampler.sample();
  const question = { reference: sample, window, textOf: (key: string) => texts.get(key) ?? null };
  const evidence = diagnose({ ...question, outcomes: [], trust: priorTrust, seed, minLoss });
  const { action } = decisionAfterAlarm(evidence);
  const known = classPrior(reference);
  const { labelShift } = evidence;
  if (!labelShift) throw new Error('the window or the reference is too small');
  const truth = countShares(known.names, windowRows.map(({ templateId }) => templateId)); // prettier-ignore
  const counted = countShares(known.names, window.map(topTemplate)); // prettier-ignore
  const estimated = new Map(labelShift.shares.map(({ templateId, now }) => [templateId, now]));
  const raw = window.flatMap(({ ranking }) => toClassProbabilities(ranking, known.places) ?? []);
  const error = (shares: Float64Array): number => 2 * shareDistance(shares, truth);
  const actual = new Map(known.names.map((name, place) => [name, truth[place]!]));
  const labelled = left.filter((row) => !windowRows.includes(row)).concat(taken);
  const percentRight = (rankings: readonly (readonly RankedTemplate[])[]): number =>
    (100 * rankings.filter(([one], at) => one?.templateId === windowRows[at]?.templateId).length) / rankings.length;
  const retrainedOn = async (rows: readonly TicketRow[]): Promise<number> => {
    const tickets = await rankRows(models, await trainRidge(models, rows), windowRows);
    return percentRight(tickets.map(({ ranking }) => ranking));
  };
  const fresh = drawn(labelled, taken.length, actual, random);
  return {
    errors: {
      ours: error(Float64Array.from(known.names, (name) => estimated.get(name) ?? 0)),
      counting: error(counted),
      blackBox: error(blackBoxShares(known, reference, counted)),
      plain: error(estimateShares(known, raw, 1e-6).inWindow),
    },
    right: {
      asItIs: percentRight(window.map(({ ranking }) => ranking)),
      reweighted: percentRight(window.map(({ ranking }) => reweightRanking(ranking, labelShift.ratios))),
      retrained: await retrainedOn(fresh),
      retrainedOnBoth: await retrainedOn([...taken, ...fresh.filter((row) => !taken.includes(row))]),
      retrainedOnItsOwn: await retrainedOn(resampleRows(taken, actual, random)),
    },
    accuracy: (100 * reference.filter(isTop1Correct).length) / reference.length,
    moved: shareDistance(truth, known.shares),
    action,
  };
}

const results: Result[] = [];
for (let index = 0; index < seeds; index += 1) {
  const result = await runWindow(first + index);
  results.push(result);
  log(`bench: ${index + 1} of ${seeds}: ${JSON.stringify(result)}`);
}

const rounded = (value: number): number => Math.round(1_000 * value) / 1_000;
/** Mean with its 95 % interval */
const mean = (of: (result: Result) => number): object => {
  const { mean: value, low, high } = clusteredMean(results.map((result) => [of(result)]));
  return { mean: rounded(value), interval: [low, high].map(rounded) };
};
const relativeToCounting = (way: keyof Result['errors']): { ratio: number; interval: number[] } => {
  const { ratio, low, high } = ratioOfMeans(
    results.map(({ errors }) => errors[way]),
    results.map(({ errors }) => errors.counting),
  );
  return { ratio: rounded(ratio), interval: [low, high].map(rounded) };
};
const loss = clusteredMean(results.map(({ right }) => [right.retrained - right.reweighted]));
const reweightings = results.filter(({ action }) => action === 'reweight').length;
const actions: Record<string, number> = {};
for (const { action } of results) actions[action] = (actions[action] ?? 0) + 1;
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-label-shift',
    split: options.split,
    seeds,
    tickets: size,
    model: { labelsPerTemplate: each, accuracy: mean(({ accuracy }) => accuracy), max: Math.max(...results.map(({ accuracy }) => accuracy)), target: 85 },
    movedShare: mean(({ moved }) => moved),
    shareError: {
      replyrank: { ...mean(({ errors }) => errors.ours), relativeToCounting: relativeToCounting('ours') },
      target: 0.5,
      met: relativeToCounting('ours').ratio <= 0.5,
      baselines: {
        counting: mean(({ errors }) => errors.counting),
        blackBox: { ...mean(({ errors }) => errors.blackBox), relativeToCounting: relativeToCounting('blackBox') },
        expectationMaximisation: { ...mean(({ errors }) => errors.plain), relativeToCounting: relativeToCounting('plain') },
      },
    },
    accuracy: {
      unchanged: mean(({ right }) => right.asItIs),
      reweighted: mean(({ right }) => right.reweighted),
      retrained: mean(({ right }) => right.retrained),
      retrainedOnBoth: mean(({ right }) => right.retrainedOnBoth),
      retrainedOnResampled: mean(({ right }) => right.retrainedOnItsOwn),
      lossAgainstRetraining: { points: rounded(loss.mean), interval: [loss.low, loss.high].map(rounded), target: 1, met: loss.mean <= 1 },
      lossAgainstBoth: mean(({ right }) => right.retrainedOnBoth - right.reweighted),
    },
    decisions: { actions, reweightPercent: (100 * reweightings) / seeds, interval: wilsonInterval(reweightings, seeds).map((bound) => rounded(100 * bound)), target: 90, met: reweightings >= 0.9 * seeds },
  })}\n`,
); // prettier-ignore
