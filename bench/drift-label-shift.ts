/**
 * npm run bench -- drift-label-shift [--shifts 100] [--decided 20] [--each 6] [--tickets 1000] [--seed 1]
 *
 * Label shifts on Banking77's training tickets: each template's share is drawn anew, tickets are drawn without replacement, for
 * a model of few labels a template. How far the shares that are estimated without labels are from the window's true ones (sum of
 * absolute differences), beside counted predictions; what re-weighting by them brings, beside re-weighting by the true shares,
 * the most that it could; and whether the decision is to re-weight. Prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { seeded } from '../src/models/random.js';
import { shareInterval } from '../src/models/share-interval.js';
import { explain } from '../src/monitoring/evidence.js';
import { calibratedWindow, estimateShares, shareDistance, shareReference } from '../src/monitoring/label-shift.js';
import { ReferenceSampler } from '../src/monitoring/reference-sample.js';
import { decide, defaultDecisionSettings } from '../src/monitoring/retrain-decision.js';
import { ratiosOf, reweighted } from '../src/monitoring/reweighted-ranking.js';
import { clusteredMean } from './intervals.js';
import { rankedRows, trainedOn } from './observed.js';
import { say } from './service.js';
import { observed, type SeenTicket } from './shifted-tickets.js';
import { bankingRows, parted, shuffled } from './tickets-of-banking.js';

const { values: options } = parseArgs({
  options: {
    shifts: { type: 'string', default: '100' },
    decided: { type: 'string', default: '20' },
    each: { type: 'string', default: '6' },
    tickets: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const [shifts, decided, each, size, seed] = [
  options.shifts,
  options.decided,
  options.each,
  options.tickets,
  options.seed,
].map(Number) as [number, number, number, number, number];
const referenceTickets = 3_000;

const { taken, left } = parted(bankingRows('train'), each, seed);
const model = await trainedOn(taken, seed);
const rows = shuffled(left, seeded(seed + 1));
const rankings = await rankedRows(model, rows);
const seen = rows.map((row, index) => observed(row, rankings[index] as (typeof rankings)[number], index));
const sampler = new ReferenceSampler(seed);
for (const { text, ...ticket } of seen.slice(0, referenceTickets)) sampler.add(ticket, text);
const reference = sampler.sample();
const pool = seen.slice(referenceTickets);
const shares = shareReference(reference.tickets);
if (!shares) throw new Error('the reference has too few templates');

/** Tickets of other shares: exponential, so that some templates are hardly asked for any more. */
function shifted(random: () => number): SeenTicket[] {
  const weights = new Map(shares?.names.map((name) => [name, -Math.log(1 - random())]));
  return pool
    .map((ticket) => ({ ticket, place: -Math.log(1 - random()) / (weights.get(ticket.templateId ?? '') ?? 1) }))
    .sort((a, b) => a.place - b.place)
    .slice(0, size)
    .map(({ ticket }) => ticket);
}
const accuracy = (window: readonly SeenTicket[], first: (ticket: SeenTicket) => string | undefined): number =>
  window.filter((ticket) => first(ticket) === ticket.templateId).length / window.length;
function sharesOf(names: readonly (string | null | undefined)[]): Float64Array {
  const counts = new Float64Array(shares?.names.length ?? 0);
  for (const name of names) {
    const place = shares?.places.get(name ?? '') ?? -1;
    if (place >= 0) counts[place] = (counts[place] as number) + 1 / names.length;
  }
  return counts;
}

let reweightings = 0;
const runs = Array.from({ length: shifts }, (_, index) => {
  const random = seeded(seed * 100_003 + index);
  const window = shifted(random);
  const truth = sharesOf(window.map(({ templateId }) => templateId));
  const counted = sharesOf(window.map(({ ranking }) => ranking[0]?.templateId));
  const estimate = estimateShares(shares, calibratedWindow(shares, window));
  const by = (to: Float64Array) => {
    const ratios = ratiosOf(shares, to);
    return accuracy(window, ({ ranking }) => reweighted(ranking, ratios)[0]?.templateId);
  };
  if (index < decided) reweightings += isReweighted(window, index) ? 1 : 0;
  if ((index + 1) % 20 === 0) say(`bench: ${index + 1} of ${shifts} shifts`);
  return {
    counted: 2 * shareDistance(counted, truth),
    estimated: 2 * shareDistance(estimate.inWindow, truth),
    plain: accuracy(window, ({ ranking }) => ranking[0]?.templateId),
    reweighted: by(estimate.shares),
    bestReweighted: by(truth),
  };
});

function isReweighted(window: readonly SeenTicket[], index: number): boolean {
  const texts = new Map(window.map(({ key, text }) => [key, text]));
  const { leastLoss } = defaultDecisionSettings;
  const question = { reference, window, textOf: (key: string) => texts.get(key) ?? null, outcomes: [] };
  const { causes, labelShift, accuracy: estimated } = explain({ ...question, seed: index, leastLoss });
  const decision = decide(
    {
      now: new Date(0),
      alarm: true,
      causes,
      labelShift,
      reweighted: false,
      loss: estimated?.loss ?? null,
      riskRisen: null,
      freshLabels: 1_000,
      lastTrainedAt: null,
      scheduleDue: false,
      requested: false,
    },
    defaultDecisionSettings,
  );
  if (decision.action !== 'reweight')
    say(`bench: shift ${index}: ${decision.action}, ${causes.map(({ kind }) => kind).join(', ') || 'no cause'}`);
  return decision.action === 'reweight';
}

function mean(of: (run: (typeof runs)[number]) => number, unit = 1): { mean: number; low: number; high: number } {
  const { mean: value, low, high } = clusteredMean(runs.map((run) => [of(run)]));
  const rounded = (number: number): number => Math.round(unit * number * 1_000) / 1_000;
  return { mean: rounded(value), low: rounded(low), high: rounded(high) };
}
const ratio = mean(({ estimated }) => estimated).mean / mean(({ counted }) => counted).mean;
process.stdout.write(
  `${JSON.stringify({
    bench: 'drift-label-shift',
    shifts,
    tickets: size,
    labelsATemplate: each,
    error: {
      estimated: mean(({ estimated }) => estimated),
      counted: mean(({ counted }) => counted),
      ratio: Math.round(1_000 * ratio) / 1_000,
      bar: 0.5,
      met: ratio <= 0.5,
    },
    top1: {
      plain: mean(({ plain }) => plain, 100),
      reweighted: mean((run) => run.reweighted, 100),
      byTheTrueShares: mean(({ bestReweighted }) => bestReweighted, 100),
    },
    decidedReweight: {
      percent: (100 * reweightings) / Math.min(decided, shifts),
      interval: shareInterval(reweightings, Math.min(decided, shifts)).map((bound) => Math.round(1_000 * bound) / 10),
      of: Math.min(decided, shifts),
      bar: 90,
    },
  })}\n`,
);
