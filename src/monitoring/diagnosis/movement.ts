/**
 * The direction in which the texts of a window have moved, and the share that has: all a little for a change of wording, a few far for
 * a new topic. Each ticket is compared with the reference's tickets of its predicted template, so that label shift is no movement.
 *
 * The direction is estimated on one half of the window and measured on the other, so that chance does not count as movement.
 */
import { shuffle } from '../../statistics/random.js';
import { dot } from './similarity.js';
import type { Observation } from '../observations/observation.js';
import { normalQuantile, normalTail } from '../../statistics/special-functions.js';

export interface Movement {
  /**
   * Lower bound of the share of tickets that have moved, 0–1: the part of the reference's lower tail that is missing. The
   * estimate of a mixture's proportion of Blanchard, Lee & Scott (JMLR 2010).
   */
  share: number;
  /** That share relative to the one expected if all tickets had moved equally; about 1 where they have */
  evenness: number;
  /** Per ticket of the window: displacement along the direction; 0 without an embedding */
  displacement: Float64Array;
}

/** Lower tails of the reference in which missing tickets are counted */
const lowerEnds = [0.1, 0.2, 0.3, 0.4] as const;
const splitCount = 4;
/** Shrinkage of a template's mean towards that of all tickets, in tickets. */
const shrinkage = 3;
/** Shrinkage of the evenness towards one half, for small movements. */
const evennessPrior = 0.15;

/** @param reference with at least two embeddings @param window likewise */
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
      const direction = difference(meanVector([...own].map((index) => now[index] as Float32Array)), from);
      const seen = estimateMissing(
        Float64Array.from(before, (vector) => dot(vector, direction)).sort(),
        Float64Array.from(other, (index) => dot(now[index] as Float32Array, direction)),
      );
      missing += seen.missing / (2 * splitCount);
      expected += seen.expected / (2 * splitCount);
    }
  }
  const direction = difference(meanVector(now), from);
  let next = 0;
  return {
    share: Math.min(Math.max(missing, 0), 1),
    evenness: (missing + evennessPrior / 2) / (Math.max(expected, 0) + evennessPrior),
    displacement: Float64Array.from(window, ({ embedding }) =>
      embedding ? dot(now[next++] as Float32Array, direction) : 0,
    ),
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

/** Displacement of each ticket from the mean of the reference's other tickets of its predicted template. */
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
