/**
 * Along which way the texts of a window have moved, and how many of them have: all a little, as where customers word alike what
 * they ask, or a few far, as where they ask something new. Each ticket is held against what the reference's tickets of its
 * predicted template are like, so that another mix of templates is no movement.
 *
 * The way is told from one half of the window and looked at in the other: chance does not point the same way in both.
 */
import { shuffle } from '../../statistics/random.js';
import { dot } from './similarity.js';
import type { Observation } from '../observations/observation.js';
import { normalQuantile, normalTail } from '../../statistics/special-functions.js';

export interface Movement {
  /**
   * Share of the tickets that have moved, at least, 0–1: what is missing at the end that the movement leads away from. The
   * estimate of a mixture's proportion of Blanchard, Lee & Scott (JMLR 2010).
   */
  share: number;
  /** That share in parts of what it were if all tickets had moved alike; about 1 where they have */
  evenness: number;
  /** Per ticket of the window: how far it has moved along the way; 0 for one without an embedding */
  displacement: Float64Array;
}

/** Lower ends of the reference at which it is looked whether tickets are missing */
const lowerEnds = [0.1, 0.2, 0.3, 0.4] as const;
const splitCount = 4;
/** Of a template with few tickets the mean is drawn to that of all, as if by so many more tickets. */
const shrinkage = 3;
/** Where hardly anything has moved, evenness can't be told: it is drawn to one half by so much. */
const evennessPrior = 0.15;

/** @param reference with two embeddings at least @param window likewise */
export function estimateMovement(
  reference: readonly Observation[],
  window: readonly Observation[],
  random: () => number,
): Movement {
  const { before, now } = displacements(reference, window);
  const from = meanVector(before);
  const order = Int32Array.from(now.keys());
  const half = now.length >> 1;
  let [missing, expected] = [0, 0];
  for (let split = 0; split < splitCount; split += 1) {
    shuffle(order, order.length, random);
    const halves = [order.slice(0, half), order.slice(half)] as const;
    for (const [own, other] of [halves, halves.toReversed()] as [Int32Array, Int32Array][]) {
      const way = difference(meanVector([...own].map((index) => now[index] as Float32Array)), from);
      const seen = estimateMissing(
        Float64Array.from(before, (vector) => dot(vector, way)).sort(),
        Float64Array.from(other, (index) => dot(now[index] as Float32Array, way)),
      );
      missing += seen.missing / (2 * splitCount);
      expected += seen.expected / (2 * splitCount);
    }
  }
  const way = difference(meanVector(now), from);
  let next = 0;
  return {
    share: Math.min(Math.max(missing, 0), 1),
    evenness: (missing + evennessPrior / 2) / (Math.max(expected, 0) + evennessPrior),
    displacement: Float64Array.from(window, ({ embedding }) => (embedding ? dot(now[next++] as Float32Array, way) : 0)),
  };
}

/** @param before ascending */
function estimateMissing(before: Float64Array, now: Float64Array): { missing: number; expected: number } {
  const centre = mean(before);
  const deviation = Math.sqrt(before.reduce((sum, value) => sum + (value - centre) ** 2, 0) / before.length);
  const shift = (mean(now) - centre) / Math.max(deviation, 1e-12);
  let [missing, expected] = [0, 0];
  for (const end of lowerEnds) {
    const cut = before[Math.floor(end * before.length)]!;
    const below = now.reduce((count, value) => count + (value < cut ? 1 : 0), 0) / now.length;
    missing += (1 - below / end) / lowerEnds.length;
    expected += (1 - normalTail(shift - normalQuantile(end)) / end) / lowerEnds.length;
  }
  return { missing, expected };
}

/** Of each ticket, from the mean of the reference's other tickets of its predicted template. */
function displacements(
  reference: readonly Observation[],
  window: readonly Observation[],
): { before: Float32Array[]; now: Float32Array[] } {
  const known = templateEmbeddings(reference);
  const size = known[0]?.vector.length ?? 0;
  const all = meanVector(known.map(({ vector }) => vector));
  const sums = new Map<string, { tickets: number; sum: Float64Array }>();
  for (const { template, vector } of known) {
    const own = sums.get(template) ?? { tickets: 0, sum: new Float64Array(size) };
    own.tickets += 1;
    for (let at = 0; at < size; at += 1) own.sum[at] = own.sum[at]! + vector[at]!;
    sums.set(template, own);
  }
  const nothing = { tickets: 0, sum: new Float64Array(size) };
  const displaced = ({ template, vector }: Placed, isKnown: boolean): Float32Array => {
    const { tickets, sum } = sums.get(template) ?? nothing;
    const others = tickets - (isKnown ? 1 : 0) + shrinkage;
    return vector.map((value, at) => {
      const sumOfOthers = sum[at]! - (isKnown ? value : 0) + shrinkage * all[at]!;
      return value - sumOfOthers / others;
    });
  };
  return {
    before: known.map((ticket) => displaced(ticket, true)),
    now: templateEmbeddings(window).map((ticket) => displaced(ticket, false)),
  };
}

interface Placed {
  template: string;
  vector: Float32Array;
}

const templateEmbeddings = (tickets: readonly Observation[]): Placed[] =>
  tickets.flatMap(({ ranking, embedding }) =>
    embedding ? [{ template: ranking[0]?.templateId ?? '', vector: embedding }] : [],
  );

function meanVector(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (let at = 0; at < mean.length; at += 1) mean[at] = mean[at]! + vector[at]! / vectors.length;
  return mean;
}

const difference = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, at) => value - b[at]!);
const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
