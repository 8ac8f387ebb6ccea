/**
 * Tests whether label shift explains a window's drift, by two bootstraps of the reference: how far the estimated shares of windows
 * without a shift are from the reference's, and how far the embeddings of windows with the estimated shares are from those of the
 * re-weighted reference (maximum mean discrepancy with a linear kernel).
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
  /** Total variation distance: share of the tickets that changed their template, 0–1 */
  distance: number;
  /** Of the test that no share has changed, 0 < p ≤ 1 */
  pValue: number;
  /** Of the test that nothing but shares has changed, 0 < p ≤ 1 */
  fit: number;
  /** Distance of the embeddings from the re-weighted reference, as a multiple of that by chance */
  excess: number;
  /** Part of the embeddings' change that the shares do not explain, 0–1 */
  unexplained: number;
  /** The shares have changed significantly, and explain the drift. */
  explains: boolean;
  /** The same by wider limits: enough to keep active class weights */
  mayExplain: boolean;
  ratios: ShareRatios;
}

const draws = 59;
const level = 0.02;
/** A smaller goodness of fit is another cause, unless little is unexplained: a large window finds even tiny differences. */
const minFit = 0.1;
const maxUnexplained = 0.1;
/** Keeps an explanation from changing by chance at the next evaluation. */
const hysteresis = { level: 0.1, minFit: 0.02, maxUnexplained: 0.2, minDistance: 0.015 };
const minTickets = 50;
/** Class weights for a smaller shift have no benefit. */
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
    distance >= within.minDistance &&
    (fit > within.minFit || unexplained < within.maxUnexplained);
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
    explains: explains({ level, minFit, maxUnexplained, minDistance }),
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

/** Draws windows with given shares from the reference, and a resampled reference for each. */
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

/** Index of the interval that contains the value; `ends` are their ends */
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
