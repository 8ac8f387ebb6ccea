/** A training run of a simulation: the service's split, weights, comparison and gates, on tickets that are in memory. */
import type { Candidate, Ranking } from '../../models/ranker.js';
import { seeded } from '../../statistics/random.js';
import { ticketText } from '../../models/features/ticket-text.js';
import { gist } from '../../models/dataset/read-training-data.js';
import { rankInputOf } from '../../models/dataset/data-row.js';
import { compare, type Comparison } from '../comparison/comparison.js';
import { heldOut, heldOutFrom, trainingCopies, trustIn } from '../labels/label-split.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';
import { promotionVerdict, type RunTrigger, type Verdict } from '../comparison/promotion.js';
import { answerOf } from '../comparison/sandbox.js';
import type { SimulatedTicket } from './simulated-agents.js';
import type { SimulatedModels } from './simulated-models.js';
import type { SimulationSettings } from './settings.js';

export interface RunQuestion {
  now: Date;
  trigger: RunTrigger;
  labels: readonly LabelledTicket[];
  /** Hashes of the keys that the champion has learned from */
  learned: ReadonlySet<string>;
  /** Its version */
  champion: string;
  ticketOf: (id: number) => SimulatedTicket;
  /** Without the weights of one or the other */
  candidates: Candidate[];
}

export interface RunAnswer {
  /** Its version */
  challenger: string;
  /** Of the tickets that it has learned from */
  keys: string[];
  comparison: Comparison;
  verdict: Verdict;
}

const smallestSlice = 30;

/** @returns null where there are too few labels to test on and to learn from */
export async function simulatedRun(
  models: Pick<SimulatedModels, 'train' | 'rank'>,
  { now, trigger, labels, learned, champion, ticketOf, candidates }: RunQuestion,
  { agents: { seed }, gates, labelDays, fewestTrusted }: SimulationSettings,
): Promise<RunAnswer | null> {
  const trust = trustIn(labels);
  const rules = { trust: trust.value, mostDays: labelDays, seed, now };
  const copies = trainingCopies(labels, rules);
  const from = heldOutFrom(labels, learned, copies);
  if (!from) return null;
  const out = heldOut(labels, learned, from);
  for (const { ticket } of out) copies.delete(ticket);
  const lines = labels.flatMap(({ ticket, template }) =>
    Array.from({ length: copies.get(ticket) ?? 0 }, () => ({ ticket: ticketOf(ticket), template })),
  );
  const challenger = await models.train(lines);
  const tested = distinctFrom(out, [...copies.keys()], (id) => gist(ticketText(ticketOf(id).row)));
  const inputs = tested.map(({ ticket }) => rankInputOf(ticketOf(ticket).row, false));
  const champions = await models.rank(champion, inputs, candidates);
  const challengers = await models.rank(challenger, inputs, candidates);
  const compared = tested.map(({ ticket, template, provenance, shownFirst, shownProbability }, at) => {
    const { channel, language, contactType } = ticketOf(ticket).row;
    const answers = { champion: answerOf(champions[at] as Ranking), challenger: answerOf(challengers[at] as Ranking) };
    return { channel, language, contactType, label: template, provenance, shownFirst, shownProbability, ...answers };
  });
  const comparison = compare(compared, { fewestTrusted, trust, smallestSlice, random: seeded(seed) });
  // All tickets are ranked by one and then by the other here: their times say nothing.
  const verdict = promotionVerdict(trigger, { comparison, failure: null, slowdown: 1, hasReference: true }, gates);
  return { challenger, keys: lines.map(({ ticket }) => ticket.key), comparison, verdict };
}

/** Without those that say nearly the same as one that was learned from, and copies among themselves. */
function distinctFrom(
  out: readonly LabelledTicket[],
  learned: readonly number[],
  gistOf: (ticket: number) => string,
): LabelledTicket[] {
  const seen = new Set(learned.map(gistOf));
  return out.filter(({ ticket }) => {
    const own = gistOf(ticket);
    if (seen.has(own)) return false;
    seen.add(own);
    return true;
  });
}

export const failed = ({ gates }: Verdict): string =>
  gates
    .filter(({ passed }) => !passed)
    .map(({ gate, detail: said }) => `${gate} (${said})`)
    .join('; ');
