/**
 * Whether label shift is what has moved a window. Two bootstraps of the reference answer it: how far the estimated shares of
 * windows without a shift lie from the reference's; and how far windows that have the estimated shares, and nothing else, lie
 * from the re-weighted reference among the embeddings (a maximum mean discrepancy with a linear kernel).
 */
import { seeded } from '../../statistics/random.js';
import type { ClassProbabilities } from './class-probabilities.js';
import {
  calibrateWindow,
  estimateShares,
  shareDistance,
  fitShareReference,
  type ShareReference,
} from './label-shift.js';
import type { LabelledObservation, Observation } from '../observations/observation.js';
import { cacheByReference } from '../reference/reference-cache.js';
import { shareRatios, type ShareRatios } from './reweighted-ranking.js';

export interface ShiftedShare {
  templateId: string;
  /** Share of the tickets, 0–1 */
  before: number;
  now: number;
}

export interface LabelShift {
  /** Templates whose shares have changed most come first. */
  shares: ShiftedShare[];
  /** Share of the tickets that have changed their template: half the sum of the differences, 0–1 */
  distance: number;
  /** Of the test that no share has changed, 0 < p ≤ 1 */
  pValue: number;
  /** Of the test that nothing but shares has changed, 0 < p ≤ 1 */
  fit: number;
  /** How far the embeddings are from the re-weighted reference, in units of what chance alone makes of it */
  excess: number;
  /** What is left of the embeddings' movement once the shares are accounted for, 0–1 */
  unexplained: number;
  /** The shares have surely changed, and that is what moved. */
  explains: boolean;
  /** The same by wider limits: enough not to take weights back that are in service */
  mayExplain: boolean;
  ratios: ShareRatios;
}

const draws = 59;
const level = 0.02;
/** Below that, shares alone would hardly leave so much; a large window finds even what no one would call another cause. */
const minFit = 0.1;
const maxUnexplained = 0.1;
/** What was explained so at one look shall not be unexplained at the next by chance. */
const hysteresis = { level: 0.1, likelyFit: 0.02, littleLeft: 0.2, leastDistance: 0.015 };
const minTickets = 50;
/** Re-weighting for less than that brings nothing. */
const minDistance = 0.03;

interface BootstrapTicket {
  ticket: LabelledObservation;
  probabilities: ClassProbabilities;
  /** Class; -1 where no template fits */
  label: number;
}

/** @returns null where window or reference have too few tickets with a ranking to tell */
export function testLabelShift(
  reference: readonly LabelledObservation[],
  window: readonly Observation[],
  seed: number,
): LabelShift | null {
  const ranked = window.filter(({ ranking, embedding }) => ranking.length > 0 && embedding !== null);
  const known = referenceTickets(reference);
  if (!known || Math.min(known.tickets.length, ranked.length) < minTickets) return null;
  const { shares, tickets } = known;
  const estimate = estimateShares(shares, calibrateWindow(shares, ranked));
  const distance = shareDistance(estimate.inWindow, shares.shares);
  const random = seeded(seed);
  const bootstrap = new Bootstrap(shares, tickets, ranked.length, random);
  const { strength } = estimate;
  const without = bootstrap.drawWindows(shares.shares, strength);
  const withShift = bootstrap.drawWindows(estimate.inWindow, strength);
  const centre = meanVector(ranked.map(({ embedding }) => embedding as Float32Array));
  const before = squaredDistance(bootstrap.meanEmbedding(tickets, shares.shares), centre);
  const after = squaredDistance(bootstrap.meanEmbedding(tickets, estimate.inWindow), centre);
  const noise = withShift.reduce((sum, { gap }) => sum + gap, 0) / draws;
  const usual = without.reduce((sum, { gap }) => sum + gap, 0) / draws;
  const unexplained = Math.min(Math.max((after - noise) / Math.max(before - usual, 1e-12), 0), 1);
  const pValue = bootstrapPValue(distance, without.map((drawn) => drawn.distance)); // prettier-ignore
  const fit = bootstrapPValue(after, withShift.map(({ gap }) => gap)); // prettier-ignore
  const explains = (within: typeof hysteresis): boolean =>
    pValue <= within.level &&
    distance >= within.leastDistance &&
    (fit > within.likelyFit || unexplained < within.littleLeft);
  return {
    shares: shares.names
      .map((templateId, label) => ({
        templateId,
        before: shares.shares[label]!,
        now: estimate.inWindow[label]!,
      }))
      .sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before)),
    distance,
    pValue,
    fit,
    excess: after / Math.max(noise, 1e-12),
    unexplained,
    explains: explains({ level, likelyFit: minFit, littleLeft: maxUnexplained, leastDistance: minDistance }),
    mayExplain: explains(hysteresis),
    ratios: shareRatios(shares, estimate.shares),
  };
}

const referenceTickets = cacheByReference((reference: readonly LabelledObservation[]) => {
  const shares = fitShareReference(reference);
  return shares && { shares, tickets: toBootstrapTickets(reference, shares) };
});

function toBootstrapTickets(reference: readonly LabelledObservation[], shares: ShareReference): BootstrapTicket[] {
  return reference.flatMap((ticket) => {
    const [probabilities] = ticket.embedding === null ? [] : calibrateWindow(shares, [ticket]);
    const label = ticket.templateId === null ? -1 : (shares.places.get(ticket.templateId) ?? -1);
    return probabilities ? [{ ticket, probabilities, label }] : [];
  });
}

/** Draws windows with given shares from the reference, and a reference beside each. */
class Bootstrap {
  constructor(
    private readonly reference: ShareReference,
    private readonly tickets: readonly BootstrapTicket[],
    private readonly size: number,
    private readonly random: () => number,
  ) {}

  drawWindows(shares: Float64Array, strength: number): { distance: number; gap: number }[] {
    const weights = this.tickets.map(({ label }) => this.weight(label, shares));
    const ends = new Float64Array(weights.length);
    weights.reduce((sum, weight, at) => (ends[at] = sum + weight), 0);
    const total = ends[ends.length - 1] ?? 0;
    return Array.from({ length: draws }, () => {
      const window = Array.from(
        { length: this.size },
        () => this.tickets[findInterval(ends, this.random() * total)] as BootstrapTicket,
      );
      const beside = this.tickets.map(
        () => this.tickets[Math.floor(this.random() * this.tickets.length)] as BootstrapTicket,
      );
      const estimate = estimateShares(
        this.reference,
        window.map(({ probabilities }) => probabilities),
        strength,
      ).inWindow;
      return {
        distance: shareDistance(estimate, this.labelShares(beside)),
        gap: squaredDistance(
          this.meanEmbedding(beside, estimate),
          meanVector(window.map(({ ticket }) => ticket.embedding as Float32Array)),
        ),
      };
    });
  }

  /** Mean embedding of the tickets where the classes have these shares */
  meanEmbedding(tickets: readonly BootstrapTicket[], shares: Float64Array): Float64Array {
    return meanVector(
      tickets.map(({ ticket }) => ticket.embedding as Float32Array),
      tickets.map(({ label }) => this.weight(label, shares)),
    );
  }

  private labelShares(tickets: readonly BootstrapTicket[]): Float64Array {
    const counts = new Float64Array(this.reference.shares.length);
    let labelled = 0;
    for (const { label } of tickets) {
      if (label < 0) continue;
      labelled += 1;
      counts[label] = counts[label]! + 1;
    }
    return counts.map((count) => count / Math.max(labelled, 1));
  }

  private weight(label: number, shares: Float64Array): number {
    return label < 0 ? 1 : shares[label]! / this.reference.shares[label]!;
  }
}

/** Which of the intervals that end at `ends` holds the value */
function findInterval(ends: Float64Array, value: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function meanVector(vectors: readonly Float32Array[], weights?: readonly number[]): Float64Array {
  const sums = new Float64Array(vectors[0]?.length ?? 0);
  let total = 0;
  vectors.forEach((vector, index) => {
    const weight = weights?.[index] ?? 1;
    total += weight;
    for (let at = 0; at < sums.length; at += 1) sums[at] = sums[at]! + weight * vector[at]!;
  });
  return sums.map((sum) => sum / Math.max(total, 1e-12));
}

export const squaredDistance = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0);

/** Never 0: the window itself is one of the draws. */
const bootstrapPValue = (value: number, drawn: readonly number[]): number =>
  (1 + drawn.filter((other) => other >= value).length) / (1 + drawn.length);
