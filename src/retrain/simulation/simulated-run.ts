/** A training run of a simulation: the service's split, weights, comparison and gates, on tickets that are in memory. */
import type { Candidate, Ranking } from '../../models/ranker.js';
import { seeded } from '../../statistics/random.js';
import { ticketText } from '../../models/features/ticket-text.js';
import { dedupKey } from '../../models/dataset/read-training-data.js';
import { toRankInput } from '../../models/dataset/data-row.js';
import { compare, type Comparison } from '../comparison/comparison.js';
import { selectHeldOut, findSplitPoint, countTrainingCopies, estimateTrust } from '../labels/label-split.js';
import type { LabelledTicket } from '../labels/labelled-tickets.query.js';
import { promotionVerdict, type RunTrigger, type Verdict } from '../comparison/promotion.js';
import { toPrediction } from '../comparison/sandbox.js';
import type { SimulatedTicket } from './simulated-agents.js';
import type { SimulatedModels } from './simulated-models.js';
import type { SimulationSettings } from './settings.js';

export interface SimulatedRunInput {
  now: Date;
  trigger: RunTrigger;
  labels: readonly LabelledTicket[];
  /** Hashes of the keys that the champion has learned from */
  trainedOn: ReadonlySet<string>;
  /** Its version */
  champion: string;
  findTicket: (id: number) => SimulatedTicket;
  /** Without the weights of one or the other */
  candidates: Candidate[];
}

export interface SimulatedRunResult {
  /** Its version */
  challenger: string;
  /** Of the tickets that it has learned from */
  keys: string[];
  comparison: Comparison;
  verdict: Verdict;
}

const minSliceTickets = 30;

/** @returns null where there are too few labels to test on and to learn from */
export async function simulatedRun(
  models: Pick<SimulatedModels, 'train' | 'rank'>,
  { now, trigger, labels, trainedOn: learned, champion, findTicket: ticketOf, candidates }: SimulatedRunInput,
  { agents: { seed }, gates, labelDays, minTrustedLabels: fewestTrusted }: SimulationSettings,
): Promise<SimulatedRunResult | null> {
  const trust = estimateTrust(labels);
  const rules = { trust: trust.value, mostDays: labelDays, seed, now };
  const copies = countTrainingCopies(labels, rules);
  const from = findSplitPoint(labels, learned, copies);
  if (!from) return null;
  const out = selectHeldOut(labels, learned, from);
  for (const { ticket } of out) copies.delete(ticket);
  const lines = labels.flatMap(({ ticket, template }) =>
    Array.from({ length: copies.get(ticket) ?? 0 }, () => ({ ticket: ticketOf(ticket), template })),
  );
  const challenger = await models.train(lines);
  const tested = removeDuplicates(out, [...copies.keys()], (id) => dedupKey(ticketText(ticketOf(id).row)));
  const inputs = tested.map(({ ticket }) => toRankInput(ticketOf(ticket).row, false));
  const champions = await models.rank(champion, inputs, candidates);
  const challengers = await models.rank(challenger, inputs, candidates);
  const compared = tested.map(({ ticket, template, provenance, shownFirst, shownProbability }, at) => {
    const { channel, language, contactType } = ticketOf(ticket).row;
    const answers = {
      champion: toPrediction(champions[at] as Ranking),
      challenger: toPrediction(challengers[at] as Ranking),
    };
    return { channel, language, contactType, label: template, provenance, shownFirst, shownProbability, ...answers };
  });
  const comparison = compare(compared, {
    minTrustedLabels: fewestTrusted,
    trust,
    minSliceTickets,
    random: seeded(seed),
  });
  // All tickets are ranked by one and then by the other here: their times say nothing.
  const verdict = promotionVerdict(trigger, { comparison, failure: null, slowdown: 1, hasReference: true }, gates);
  return { challenger, keys: lines.map(({ ticket }) => ticket.key), comparison, verdict };
}

/** Without those that say nearly the same as one that was learned from, and copies among themselves. */
function removeDuplicates(
  out: readonly LabelledTicket[],
  learned: readonly number[],
  keyOf: (ticket: number) => string,
): LabelledTicket[] {
  const seen = new Set(learned.map(keyOf));
  return out.filter(({ ticket }) => {
    const own = keyOf(ticket);
    if (seen.has(own)) return false;
    seen.add(own);
    return true;
  });
}

export const describeFailedGates = ({ gates }: Verdict): string =>
  gates
    .filter(({ passed }) => !passed)
    .map(({ gate, detail: said }) => `${gate} (${said})`)
    .join('; ');
