/**
 * npm run bench -- audit-loop [--seeds 5] [--rounds 10] [--tickets 500] [--trust 0.3] [--audit 0.02]
 *
 * Whether retraining stays healthy when agents follow the first suggestion.
 *
 * On a share of tickets (--trust) agents select the first suggestion regardless of its content; on another (--audit) nothing is shown. Each round
 * the champion ranks new tickets, agents answer, and a challenger is trained and compared by the service's own functions (label
 * weights, trust, held-out tickets, gates of a scheduled run). Variants: label weights without gates, and a naive loop that
 * weights all choices alike. Measured: the change of top-1 accuracy, and whether the reported interval covers the true accuracy, known
 * from tickets that no agent has seen. Models are ridge regressions on embeddings. Prints one JSON line.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seeded } from '../../src/statistics/random.js';
import { wilsonInterval } from '../../src/statistics/intervals.js';
import { idHash } from '../../src/models/dataset/trained-on.js';
import { toRankInput } from '../../src/models/dataset/data-row.js';
import { defaultDecisionSettings } from '../../src/monitoring/decisions/retrain-decision.js';
import type { LabelledTicket } from '../../src/retrain/labels/labelled-tickets.query.js';
import { defaultGates } from '../../src/retrain/comparison/promotion.js';
import { simulateChoice, toHistoryLabel, type SimulatedTicket } from '../../src/retrain/simulation/simulated-agents.js';
import { simulatedRun } from '../../src/retrain/simulation/simulated-run.js';
import type { SimulationSettings } from '../../src/retrain/simulation/settings.js';
import { RidgeModels } from './ridge-models.js';
import { benchDir, log } from '../support/service.js';
import { cachedEmbeddings } from '../support/text-embeddings.js';
import { bankingRows, shuffled } from '../support/banking-rows.js';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '10' },
    tickets: { type: 'string', default: '500' },
    trust: { type: 'string', default: '0.3' },
    audit: { type: 'string', default: '0.02' },
  },
});
const [seeds, rounds, perRound] = [Number(options.seeds), Number(options.rounds), Number(options.tickets)];
const [trust, auditShare] = [Number(options.trust), Number(options.audit)];
const historySize = 1_500;
const dayMs = 86_400_000;

const rows = bankingRows('train');
const { values, size } = await cachedEmbeddings(
  rows.map(({ text }) => text),
  join(benchDir, 'cache'),
);
const vectors = new Map(rows.map(({ text }, at) => [text.trim(), values.subarray(at * size, (at + 1) * size)]));
const embeddingOf = (text: string): Float32Array => {
  const vector = vectors.get(text.trim());
  if (!vector) throw new Error(`no embedding of "${text}"`);
  return vector;
};

interface Round {
  /** True top-1 accuracy of the champion after the round, 0–1 */
  accuracy: number;
  promoted: boolean;
  /** Reported accuracy of the champion before the round, percent, and its true accuracy */
  told: { value: number; low: number; high: number; truth: number } | null;
}

type Variant = 'gates' | 'weights' | 'naive';

function splitTickets(seed: number): {
  before: SimulatedTicket[];
  later: SimulatedTicket[][];
  unasked: SimulatedTicket[];
} {
  const start = Date.parse('2026-01-05T00:00:00Z');
  const all = shuffled(rows, seeded(seed)).map(({ text, templateId }, at): SimulatedTicket => {
    const when = new Date(start + Math.max(0, Math.floor((at - historySize) / perRound) + 1) * 7 * dayMs + at * 1_000);
    const facts = { line: at, id: null, subject: '', noneFits: false, contactType: null, channel: null, language: null };
    return { id: at + 1, key: `bench:${at}`, at: when, row: { ...facts, body: text, label: templateId, occurredAt: when, fields: {} } };
  }); // prettier-ignore
  const until = historySize + rounds * perRound;
  const later = Array.from({ length: rounds }, (_, round) =>
    all.slice(historySize + round * perRound).slice(0, perRound),
  );
  return { before: all.slice(0, historySize), later, unasked: all.slice(until) };
}

async function loop(seed: number, way: Variant): Promise<{ first: number; rounds: Round[] }> {
  const { before, later, unasked } = splitTickets(seed);
  const models = new RidgeModels({ embeddingOf, seed, folder: null });
  const tickets = new Map([...before, ...later.flat()].map((ticket) => [ticket.id, ticket]));
  const ticketOf = (id: number): SimulatedTicket => tickets.get(id) as SimulatedTicket;
  const settings: SimulationSettings = {
    agents: { trust, auditShare, seed },
    decisions: defaultDecisionSettings,
    gates: defaultGates,
    monitor: { minTicketsPerFalseAlarm: 100_000, minEffect: 0.02 },
    schedule: undefined,
    labelDays: 730,
    minTrustedLabels: 200,
  };
  const labels: LabelledTicket[] = before.map(toHistoryLabel);
  let champion = await models.train(before.map((ticket) => ({ ticket, template: ticket.row.label })));
  let learned = new Set(before.map(({ key }) => idHash(key)));
  const truthOf = async (version: string): Promise<number> => {
    const rankings = await models.rank(version, unasked.map(({ row }) => toRankInput(row, false))); // prettier-ignore
    return rankings.filter(({ items: [first] }, at) => first?.templateId === unasked[at]?.row.label).length / unasked.length; // prettier-ignore
  };
  let accuracy = await truthOf(champion);
  const [first, done]: [number, Round[]] = [accuracy, []];
  for (const some of later) {
    const rankings = await models.rank(champion, some.map(({ row }) => toRankInput(row, false))); // prettier-ignore
    labels.push(
      ...some.flatMap((ticket, at) => (rankings[at] ? [simulateChoice(ticket, rankings[at], settings.agents)] : [])),
    );
    const truth = 100 * accuracy;
    const question = {
      now: some.at(-1)?.at ?? new Date(0),
      trigger: 'schedule' as const,
      labels,
      trainedOn: learned,
      champion,
    };
    const run = way === 'naive' ? null : await simulatedRun(models, { ...question, findTicket: ticketOf, candidates: [] }, settings); // prettier-ignore
    const naive = way === 'naive' ? await naiveRun(models, { champion, labels, ticketOf, newest: some.length }) : null;
    const told = run?.comparison.champion;
    const promoted = naive?.promoted ?? (way === 'weights' ? run !== null : (run?.verdict.promoted ?? false));
    const challenger = naive?.challenger ?? run?.challenger;
    if (promoted && challenger !== undefined) {
      champion = challenger;
      learned = new Set((run?.keys ?? labels.map(({ key }) => key)).map(idHash));
      accuracy = await truthOf(champion);
    }
    const value = told ? { value: told.top1, low: told.low, high: told.high } : naive?.told;
    done.push({ accuracy, promoted, told: value ? { ...value, truth } : null });
  }
  return { first, rounds: done };
}

/** Takes every choice for correct: trains on all but the newest third of a round, and tests on that. */
async function naiveRun(
  models: RidgeModels,
  {
    champion,
    labels,
    ticketOf,
    newest,
  }: { champion: string; labels: readonly LabelledTicket[]; ticketOf: (id: number) => SimulatedTicket; newest: number },
) {
  const out = labels.slice(-Math.round(0.3 * newest));
  const lines = labels.slice(0, -out.length).map(({ ticket, template }) => ({ ticket: ticketOf(ticket), template }));
  const challenger = await models.train(lines);
  const hits = async (version: string): Promise<number> => {
    const rankings = await models.rank(version, out.map(({ ticket }) => toRankInput(ticketOf(ticket).row, false))); // prettier-ignore
    return rankings.filter(({ items: [one] }, at) => one?.templateId === out[at]?.template).length;
  };
  const [ofChampion, ofChallenger] = [await hits(champion), await hits(challenger)];
  const [low, high] = wilsonInterval(ofChampion, out.length);
  const told = { value: (100 * ofChampion) / out.length, low: 100 * low, high: 100 * high };
  return { challenger, promoted: ofChallenger >= ofChampion, told };
}

/** Mean over seeds with its 95 % interval (Student's t for five: 2.776) */
function meanOf(some: readonly number[]): { mean: number; interval: number[] } {
  const mean = some.reduce((sum, one) => sum + one, 0) / some.length;
  const variance = some.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, some.length - 1);
  const half = (some.length === 5 ? 2.776 : 1.96) * Math.sqrt(variance / some.length);
  const rounded = (value: number): number => Math.round(100 * value) / 100;
  return { mean: rounded(mean), interval: [rounded(mean - half), rounded(mean + half)] };
}

const variants: Variant[] = ['gates', 'weights', 'naive'];
const figures: Record<string, object> = {};
for (const way of variants) {
  const loops: Awaited<ReturnType<typeof loop>>[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    loops.push(await loop(seed, way));
    const last = loops.at(-1);
    log(`bench: ${way}, seed ${seed}: ${[last?.first ?? 0, ...(last?.rounds.map(({ accuracy }) => accuracy) ?? [])].map((one) => (100 * one).toFixed(1)).join(' ')}`); // prettier-ignore
  }
  const told = loops.map((one) => one.rounds.flatMap((round) => round.told ?? []));
  const held = told.map((some) => some.filter(({ low, high, truth }) => low <= truth && truth <= high).length);
  const all = told.flat();
  const covered = held.reduce((a, b) => a + b, 0);
  const percent = (share: number): number => Math.round(1_000 * share) / 10;
  figures[way] = {
    first: meanOf(loops.map((one) => 100 * one.first)),
    last: meanOf(loops.map((one) => 100 * (one.rounds.at(-1)?.accuracy ?? 0))),
    change: meanOf(loops.map((one) => 100 * ((one.rounds.at(-1)?.accuracy ?? 0) - one.first))),
    promoted: meanOf(loops.map((one) => one.rounds.filter(({ promoted }) => promoted).length)).mean,
    covered: {
      rounds: covered,
      of: all.length,
      percent: percent(covered / all.length),
      interval: wilsonInterval(covered, all.length).map(percent),
      bySeed: held,
    },
    estimateError: meanOf(told.map((some) => some.reduce((sum, { value, truth }) => sum + value - truth, 0) / some.length)),
    intervalWidth: meanOf(told.map((some) => some.reduce((sum, one) => sum + one.high - one.low, 0) / some.length)).mean,
  }; // prettier-ignore
}
const target =
  'gates: a mean change of at least -1 point; the interval covers the true accuracy in at least 9 of 10 rounds';
process.stdout.write(
  `${JSON.stringify({ bench: 'audit-loop', seeds, rounds, ticketsPerRound: perRound, history: historySize, trust, auditShare, target, ...figures })}\n`,
);
