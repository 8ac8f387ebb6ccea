/**
 * Statistics of the tickets that a model was trained on. They must be as new to the coding as later tickets are: so the embedding
 * space is fitted on one half of them and only the other half is its reference, and a name of a single ticket counts as unseen.
 */
import { seeded, shuffle } from '../../statistics/random.js';
import { binEdges, fitCoding } from './coding-fit.js';
import { chiSquareTest } from '../../statistics/contingency.js';
import { buildEmbeddingReference } from './embedding-reference.js';
import { type EmbeddingReference } from './embedding-reference.js';
import type { Observation } from '../observations/observation.js';
import { dropBursts } from '../observations/near-duplicates.js';
import {
  findBin,
  binCount,
  textSignature,
  TicketCoder,
  type CodedTicket,
  type Coding,
  type Measure,
} from './ticket-coding.js';
import { blockAt } from '../observations/time-blocks.js';

export interface ReferenceTicket {
  /** With the out-of-fold prediction of the model */
  observation: Observation;
  /** The correct template; null where none fits or unknown */
  templateId: string | null;
}

export interface ReferenceOptions {
  seed: number;
  /** Tickets that a slice must have to be monitored separately; default 300 */
  minSliceTickets?: number;
  /** Windows drawn from the reference for the null of the embedding test; default 1,999 */
  draws?: number;
}

export interface Reference {
  seed: number;
  /** Number of tickets that were given, and of those that were used */
  tickets: number;
  rows: number;
  from: string | null;
  until: string | null;
  coding: Coding;
  /** Per slice and measure [blocks × bins]; null where the slice determines it, such as the channel in one channel */
  counts: (Float64Array | null)[][];
  /** Per slice and numeric measure; null otherwise */
  moments: (Moments | null)[][];
  embedding: EmbeddingReference | null;
  /** Outcomes of held-out tickets, by the name of the signal */
  outcomes: Record<string, OutcomeReference>;
}

export interface Moments {
  count: number;
  mean: number;
  variance: number;
}

export interface OutcomeReference {
  edges: number[];
  counts: number[];
}

const maxTickets = 20_000;
const rhythmLevel = 1e-3;

/** A measure is counted by block of hours only where it differs between them. */
export const blockCount = ({ blocks }: Coding, { hasRhythm }: Measure): number => (hasRhythm ? blocks.count : 1);

/** @param tickets in any order; at most 20,000 of them are used */
export function buildReference(tickets: readonly ReferenceTicket[], options: ReferenceOptions): Reference {
  const { seed, minSliceTickets = 300, draws = 1_999 } = options;
  const kept = drawTickets(tickets, seed);
  const observations = kept.map(({ observation }) => observation);
  const half = Math.ceil(kept.length / 2);
  const { coding, singletons } = fitCoding(observations, observations.slice(0, half), { seed, minSliceTickets });
  const coder = new TicketCoder(coding, singletons);
  const coded = observations.map((observation) => coder.code(observation));
  const novelty = coding.measures.findIndex(({ part }) => part === 'novelty');
  // The space was fitted on the first half, whose distances are therefore too small.
  for (const { values } of coded.slice(0, half)) values.fill(NaN, novelty < 0 ? values.length : novelty);
  const located = coded
    .slice(half)
    .flatMap(({ point, values }) => (point ? [{ point, distance: values[novelty]! }] : []));
  if (novelty >= 0) (coding.measures[novelty] as Measure).edges = binEdges(located.map(({ distance }) => distance));
  markRhythms(coding, coded);
  const times = observations.map(({ occurredAt }) => occurredAt.getTime()).filter((time) => !Number.isNaN(time));
  return {
    seed,
    tickets: tickets.length,
    rows: coded.length,
    from: times.length > 0 ? new Date(times.reduce((a, b) => Math.min(a, b))).toISOString() : null,
    until: times.length > 0 ? new Date(times.reduce((a, b) => Math.max(a, b))).toISOString() : null,
    coding,
    counts: coding.slices.map((_, slice) =>
      coding.measures.map((measure) =>
        isRedundant(coding, slice, measure) ? null : countByBin(coding, measure, coded, slice),
      ),
    ),
    moments: coding.slices.map((_, slice) =>
      coding.measures.map((measure, at) => (measure.kind === 'number' ? computeMoments(coded, slice, at) : null)),
    ),
    embedding: coding.space && buildEmbeddingReference(coding.space, located, seed, draws),
    outcomes: outcomeReferences(kept),
  };
}

/** Near-duplicates in bursts count once, as in service; then a random sample. */
function drawTickets(tickets: readonly ReferenceTicket[], seed: number): ReferenceTicket[] {
  const ordered = tickets.toSorted(
    (a, b) => a.observation.occurredAt.getTime() - b.observation.occurredAt.getTime() || 0,
  );
  const distinct = dropBursts(ordered, ({ observation }) => textSignature(observation));
  const order = Int32Array.from(distinct.keys());
  shuffle(order, order.length, seeded(seed));
  return [...order.subarray(0, maxTickets)].map((index) => distinct[index] as ReferenceTicket);
}

const isRedundant = ({ slices }: Coding, slice: number, { signal }: Measure): boolean => slices[slice]?.by === signal;

/** Counts tickets of a slice by block and bin, [blocks × bins]. */
export function countByBin(
  coding: Coding,
  measure: Measure,
  coded: readonly CodedTicket[],
  slice: number,
): Float64Array {
  const at = coding.measures.indexOf(measure);
  const bins = binCount(measure);
  const counts = new Float64Array(blockCount(coding, measure) * bins);
  for (const ticket of coded) {
    if (!ticket.slices.includes(slice)) continue;
    const bin = findBin(measure, ticket.values[at]!);
    if (bin < 0) continue;
    const place = (measure.hasRhythm ? blockAt(coding.blocks, ticket.at) : 0) * bins + bin;
    counts[place] = counts[place]! + 1;
  }
  return counts;
}

/** Welford's recurrence. */
export function computeMoments(coded: readonly CodedTicket[], slice: number, measure: number): Moments {
  let [count, mean, squares] = [0, 0, 0];
  for (const { slices, values } of coded) {
    const value = values[measure]!;
    if (Number.isNaN(value) || !slices.includes(slice)) continue;
    count += 1;
    const difference = value - mean;
    mean += difference / count;
    squares += difference * (value - mean);
  }
  return { count, mean, variance: count > 1 ? squares / (count - 1) : 0 };
}

/** Marks the measures that differ between blocks of hours. */
function markRhythms(coding: Coding, coded: readonly CodedTicket[]): void {
  if (coding.blocks.count < 2) return;
  for (const measure of coding.measures) {
    const bins = binCount(measure);
    measure.hasRhythm = true;
    const counts = countByBin(coding, measure, coded, 0);
    const total = new Float64Array(bins);
    counts.forEach((count, place) => (total[place % bins] = total[place % bins]! + count));
    const smallest = Array.from({ length: coding.blocks.count }, (_, block) => {
      const own = counts.subarray(block * bins, (block + 1) * bins);
      return chiSquareTest(
        total.map((count, bin) => count - own[bin]!),
        own,
      ).pValue;
    }).reduce((a, b) => Math.min(a, b), 1);
    measure.hasRhythm = smallest * coding.blocks.count * coding.measures.length < rhythmLevel;
  }
}

function outcomeReferences(tickets: readonly ReferenceTicket[]): Record<string, OutcomeReference> {
  const scored = tickets.filter(({ templateId, observation }) => templateId !== null && observation.ranking.length > 0);
  const isCorrect = ({ templateId, observation }: ReferenceTicket): boolean =>
    observation.ranking[0]?.templateId === templateId;
  const right = scored.filter(isCorrect).length;
  const gaps = scored.map((ticket) => Number(isCorrect(ticket)) - (ticket.observation.ranking[0]?.probability ?? 0));
  const edges = binEdges(gaps);
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (const gap of gaps) {
    const bin = edges.findIndex((edge) => edge >= Math.fround(gap));
    const place = bin < 0 ? edges.length : bin;
    counts[place] = counts[place]! + 1;
  }
  return { accuracy: { edges: [0.5], counts: [scored.length - right, right] }, calibration: { edges, counts } };
}
