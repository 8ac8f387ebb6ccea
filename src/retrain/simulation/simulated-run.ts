/** A simulated training run: the service's split, weights, comparison and gates, on tickets in memory. */
import type { Candidate, Ranking } from '../../models/ranker.js';
import { seeded } from '../../statistics/random.js';
import { ticketText } from '../../models/features/ticket-text.js';
import { dedupKey } from '../../models/dataset/read-training-data.js';
import { toRankInput } from '../../models/dataset/data-row.js';
import { compare, type Comparison } from '../comparison/comparison.js';
import { selectHeldOut, findSplitPoint, countTrainingCopies, estimateLabelTrust } from '../labels/label-split.js';
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
  /** Hashes of the keys that the champion was trained on */
  trainedOn: ReadonlySet<string>;
  champion: string;
  findTicket: (id: number) => SimulatedTicket;
  /** Without class weights, which differ between versions */
  candidates: Candidate[];
}

export interface SimulatedRunResult {
  challenger: string;
  /** Keys of its training tickets */
  keys: string[];
  comparison: Comparison;
  verdict: Verdict;
}

const minSliceTickets = 30;

/** @returns null if there are too few new labels to train and to test */
export async function simulatedRun(
  models: Pick<SimulatedModels, 'train' | 'rank'>,
  { now, trigger, labels, trainedOn, champion, findTicket, candidates }: SimulatedRunInput,
  { agents: { seed }, gates, labelDays, minTrustedLabels }: SimulationSettings,
): Promise<SimulatedRunResult | null> {
  const trust = estimateLabelTrust(labels);
  const copies = countTrainingCopies(labels, { trust: trust.value, maxAgeDays: labelDays, seed, now });
  const from = findSplitPoint(labels, trainedOn, copies);
  if (!from) return null;
  const heldOut = selectHeldOut(labels, trainedOn, from);
  for (const { ticket } of heldOut) copies.delete(ticket);
  const rows = labels.flatMap(({ ticket, template }) =>
    Array.from({ length: copies.get(ticket) ?? 0 }, () => ({ ticket: findTicket(ticket), template })),
  );
  const challenger = await models.train(rows);
  const tested = removeDuplicates(heldOut, [...copies.keys()], (id) => dedupKey(ticketText(findTicket(id).row)));
  const inputs = tested.map(({ ticket }) => toRankInput(findTicket(ticket).row, false));
  const champions = await models.rank(champion, inputs, candidates);
  const challengers = await models.rank(challenger, inputs, candidates);
  const compared = tested.map(({ ticket, template, provenance, shownFirst, shownProbability }, at) => {
    const { channel, language, contactType } = findTicket(ticket).row;
    const predictions = {
      champion: toPrediction(champions[at] as Ranking),
      challenger: toPrediction(challengers[at] as Ranking),
    };
    return {
      channel,
      language,
      contactType,
      label: template,
      provenance,
      shownFirst,
      shownProbability,
      ...predictions,
    };
  });
  const comparison = compare(compared, { minTrustedLabels, trust, minSliceTickets, random: seeded(seed) });
  // Latency is not measured: both versions rank in the same process, one after the other.
  const verdict = promotionVerdict(trigger, { comparison, failure: null, slowdown: 1, hasReference: true }, gates);
  return { challenger, keys: rows.map(({ ticket }) => ticket.key), comparison, verdict };
}

/** Without near-duplicates of training tickets and of one another. */
function removeDuplicates(
  heldOut: readonly LabelledTicket[],
  trainedOn: readonly number[],
  ticketDedupKey: (ticket: number) => string,
): LabelledTicket[] {
  const seen = new Set(trainedOn.map(ticketDedupKey));
  return heldOut.filter(({ ticket }) => {
    const key = ticketDedupKey(ticket);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

export const describeFailedGates = ({ gates }: Verdict): string =>
  gates
    .filter(({ passed }) => !passed)
    .map(({ gate, detail }) => `${gate} (${detail})`)
    .join('; ');
