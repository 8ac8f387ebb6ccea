/**
 * Bets against "nothing has changed": each has a mean of at most 1 as long as nothing has, by more than the smallest effect worth
 * knowing. Multiplied up they are e-values; summed over all starts they detect changes (e-detectors; Shin, Ramdas & Rinaldo, arXiv
 * 2203.03532).
 */
import { normalQuantile, normalTail } from '../../statistics/special-functions.js';

/** Ranks are looked up in so many cells of equal probability. */
export const rankCells = 1_000;

/** A density on (0, 1) of the rank of a number among those before it, per cell. */
type BettingFunction = Float64Array;

const toCells = (integral: (rank: number) => number): BettingFunction => {
  const edges = Float64Array.from({ length: rankCells + 1 }, (_, edge) => integral(edge / rankCells));
  return Float64Array.from({ length: rankCells }, (_, cell) => rankCells * (edges[cell + 1]! - edges[cell]!));
};

/** All numbers moved by so many standard deviations (exponential tilt of a normal score). */
const shiftedRanks = (by: number): BettingFunction =>
  toCells((rank) => (rank <= 0 ? 0 : rank >= 1 ? 1 : 1 - normalTail(normalQuantile(rank) - by)));

/** A share of tickets lies far out at the upper end; of these the distance's rank from the end is u^tailPower. */
const tailPower = 0.6;
const heavyUpperTail = (share: number): BettingFunction =>
  toCells((rank) => (1 - share) * rank + share * (1 - (1 - rank) ** tailPower));

/** More tickets at both ends. */
const heavyTails = toCells((rank) => 0.8 * rank + 2 * (Math.min(rank, 0.05) + Math.max(0, rank - 0.95)));

export interface BettingMixture {
  functions: BettingFunction[];
  /** Of the detector's weight, together 1 */
  weights: number[];
}

/** Where a move one way is no news, only the other is bet on. */
export type Direction = 'higher' | 'lower' | 'both';

/** @param minEffect in standard deviations: bets that so small a shift would win are made dearer by what it would win */
export function numericMixture(minEffect: number, direction: Direction = 'both'): BettingMixture {
  if (direction !== 'both') {
    const bets = [0.1, 0.25, 0.6].map((by) => shiftedRanks(direction === 'higher' ? by : -by));
    return { functions: discount(bets, minEffect), weights: [0.4, 0.35, 0.25] };
  }
  const bets = [...[0.1, 0.25, 0.6].flatMap((by) => [shiftedRanks(by), shiftedRanks(-by)]), heavyTails];
  return {
    functions: discount(bets, minEffect),
    // Small shifts take longest to see: whatever their bets lack in weight they make up for last.
    weights: [0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.1],
  };
}

/** A new topic is far from all that is known. */
export function noveltyMixture(minEffect: number): BettingMixture {
  const bets = [
    heavyUpperTail(0.05),
    heavyUpperTail(0.1),
    heavyUpperTail(0.2),
    shiftedRanks(0.25),
    shiftedRanks(0.6),
    shiftedRanks(-0.25),
  ];
  return { functions: discount(bets, minEffect), weights: [0.25, 0.25, 0.2, 0.1, 0.1, 0.1] };
}

/** Makes each bet dearer by what it would win if all numbers moved by the smallest effect. */
function discount(bets: readonly BettingFunction[], minEffect: number): BettingFunction[] {
  const shifts = [shiftedRanks(minEffect), shiftedRanks(-minEffect)];
  return bets.map((bet) => {
    const means = shifts.map((shift) => bet.reduce((sum, value, cell) => sum + (value * shift[cell]!) / rankCells, 0));
    const most = Math.max(1, ...means);
    return bet.map((value) => value / most);
  });
}

/** How many times as frequent, or as rare, as it was. */
export const rateRatios = [1.5, 4, 32, 0.6, 0.1] as const;

/**
 * A bet on a name's share, by likelihood ratio.
 *
 * @param share predicted for the next ticket, 0–1 @param isCategory whether the next ticket has the name
 */
export function categoryEValue(ratio: number, share: number, isCategory: boolean, minEffect: number): number {
  // A share can't be more than all: of a frequent name it is at most halfway to there.
  const bounded = Math.min(ratio, (1 + 1 / share) / 2);
  const price = 1 + minEffect * Math.abs(bounded - 1) * Math.sqrt(share / (1 - share));
  return (isCategory ? bounded : (1 - bounded * share) / (1 - share)) / price;
}
