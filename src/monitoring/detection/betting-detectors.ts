/**
 * E-values against "nothing has changed": each has a mean of at most 1 unless something has changed by more than the minimum effect.
 * Their products are e-values; summed over all starts they detect changes (e-detectors; Shin, Ramdas & Rinaldo, arXiv 2203.03532).
 */
import { normalQuantile, normalTail } from '../../statistics/special-functions.js';

/** Number of equally probable cells that ranks are rounded to. */
export const rankCells = 1_000;

/** A density on (0, 1) of the rank of a number among those before it, [rankCells]. */
type BettingFunction = Float64Array;

const toCells = (integral: (rank: number) => number): BettingFunction => {
  const edges = Float64Array.from({ length: rankCells + 1 }, (_, edge) => integral(edge / rankCells));
  return Float64Array.from({ length: rankCells }, (_, cell) => rankCells * (edges[cell + 1]! - edges[cell]!));
};

/** All numbers shifted by so many standard deviations (exponential tilt of a normal score). */
const shiftedRanks = (by: number): BettingFunction =>
  toCells((rank) => (rank <= 0 ? 0 : rank >= 1 ? 1 : 1 - normalTail(normalQuantile(rank) - by)));

/** A share of tickets lies in the upper tail; their rank from the end is u^tailPower. */
const tailPower = 0.6;
const heavyUpperTail = (share: number): BettingFunction =>
  toCells((rank) => (1 - share) * rank + share * (1 - (1 - rank) ** tailPower));

/** More tickets in both tails. */
const heavyTails = toCells((rank) => 0.8 * rank + 2 * (Math.min(rank, 0.05) + Math.max(0, rank - 0.95)));

export interface BettingMixture {
  functions: BettingFunction[];
  /** They sum to 1 */
  weights: number[];
}

/** Direction of the changes to detect. */
export type Direction = 'higher' | 'lower' | 'both';

/** @param minEffect in standard deviations: bets that so small a shift would win are made dearer by what it would win */
export function numericMixture(minEffect: number, direction: Direction = 'both'): BettingMixture {
  if (direction !== 'both') {
    const functions = [0.1, 0.25, 0.6].map((by) => shiftedRanks(direction === 'higher' ? by : -by));
    return { functions: discount(functions, minEffect), weights: [0.4, 0.35, 0.25] };
  }
  const functions = [...[0.1, 0.25, 0.6].flatMap((by) => [shiftedRanks(by), shiftedRanks(-by)]), heavyTails];
  return {
    functions: discount(functions, minEffect),
    // Small shifts take longest to detect, so they have the largest weights.
    weights: [0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.1],
  };
}

/** A new topic is far from all that is known. */
export function noveltyMixture(minEffect: number): BettingMixture {
  const functions = [
    heavyUpperTail(0.05),
    heavyUpperTail(0.1),
    heavyUpperTail(0.2),
    shiftedRanks(0.25),
    shiftedRanks(0.6),
    shiftedRanks(-0.25),
  ];
  return { functions: discount(functions, minEffect), weights: [0.25, 0.25, 0.2, 0.1, 0.1, 0.1] };
}

/** Divides each function by its mean under a shift by the minimum effect, so that so small a shift gains nothing. */
function discount(functions: readonly BettingFunction[], minEffect: number): BettingFunction[] {
  const shifts = [shiftedRanks(minEffect), shiftedRanks(-minEffect)];
  return functions.map((betting) => {
    const means = shifts.map((shift) =>
      betting.reduce((sum, value, cell) => sum + (value * shift[cell]!) / rankCells, 0),
    );
    const maxMean = Math.max(1, ...means);
    return betting.map((value) => value / maxMean);
  });
}

/** Ratios of a name's new share to its old one. */
export const rateRatios = [1.5, 4, 32, 0.6, 0.1] as const;

/**
 * The likelihood ratio of a changed share of a name.
 *
 * @param share predicted for the next ticket, 0–1 @param isCategory whether the next ticket has the name
 */
export function categoryEValue(ratio: number, share: number, isCategory: boolean, minEffect: number): number {
  // A share is at most 1: of a frequent name the new one is at most halfway there.
  const bounded = Math.min(ratio, (1 + 1 / share) / 2);
  const discountFactor = 1 + minEffect * Math.abs(bounded - 1) * Math.sqrt(share / (1 - share));
  return (isCategory ? bounded : (1 - bounded * share) / (1 - share)) / discountFactor;
}
