/**
 * Bets against "nothing has changed": each has a mean of at most 1 as long as nothing has, by more than the smallest effect worth
 * knowing. Multiplied up they are e-values; summed over all starts they detect changes (e-detectors; Shin, Ramdas & Rinaldo, arXiv
 * 2203.03532).
 */
import { normalQuantile, normalTail } from '../../statistics/special-functions.js';

/** Ranks are looked up in so many cells of equal probability. */
export const cells = 1_000;

/** A density on (0, 1) of the rank of a number among those before it, per cell. */
type RankBet = Float64Array;

const inCells = (integral: (rank: number) => number): RankBet =>
  Float64Array.from({ length: cells }, (_, cell) => cells * (integral((cell + 1) / cells) - integral(cell / cells)));

/** All numbers moved by so many standard deviations (exponential tilt of a normal score). */
const moved = (by: number): RankBet =>
  inCells((rank) => (rank <= 0 ? 0 : rank >= 1 ? 1 : 1 - normalTail(normalQuantile(rank) - by)));

/** A share of tickets lies far out at the upper end; of these the distance's rank from the end is u^tailPower. */
const tailPower = 0.6;
const farOut = (share: number): RankBet =>
  inCells((rank) => (1 - share) * rank + share * (1 - (1 - rank) ** tailPower));

/** More tickets at both ends. */
const spread = inCells((rank) => 0.8 * rank + 2 * (Math.min(rank, 0.05) + Math.max(0, rank - 0.95)));

export interface RankBets {
  bets: RankBet[];
  /** Of the detector's weight, together 1 */
  weights: number[];
}

/** Where a move one way is no news, only the other is bet on. */
export type Side = 'higher' | 'lower' | 'both';

/** @param smallestEffect in standard deviations: bets that so small a shift would win are made dearer by what it would win */
export function numberBets(smallestEffect: number, side: Side = 'both'): RankBets {
  if (side !== 'both') {
    const bets = [0.1, 0.25, 0.6].map((by) => dearer(moved(side === 'higher' ? by : -by), smallestEffect));
    return { bets, weights: [0.4, 0.35, 0.25] };
  }
  const bets = [...[0.1, 0.25, 0.6].flatMap((by) => [moved(by), moved(-by)]), spread];
  return {
    bets: bets.map((bet) => dearer(bet, smallestEffect)),
    // Small shifts take longest to see: whatever their bets lack in weight they make up for last.
    weights: [0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.1],
  };
}

/** A new topic is far from all that is known. */
export function noveltyBets(smallestEffect: number): RankBets {
  const bets = [farOut(0.05), farOut(0.1), farOut(0.2), moved(0.25), moved(0.6), moved(-0.25)];
  return { bets: bets.map((bet) => dearer(bet, smallestEffect)), weights: [0.25, 0.25, 0.2, 0.1, 0.1, 0.1] };
}

function dearer(bet: RankBet, smallestEffect: number): RankBet {
  const mean = (shift: RankBet): number =>
    bet.reduce((sum, value, cell) => sum + (value * (shift[cell] as number)) / cells, 0);
  const most = Math.max(1, mean(moved(smallestEffect)), mean(moved(-smallestEffect)));
  return bet.map((value) => value / most);
}

/** How many times as frequent, or as rare, as it was. */
export const nameRatios = [1.5, 4, 32, 0.6, 0.1] as const;

/**
 * A bet on a name's share, by likelihood ratio.
 *
 * @param share predicted for the next ticket, 0–1 @param isIt whether the next ticket has the name
 */
export function nameBet(ratio: number, share: number, isIt: boolean, smallestEffect: number): number {
  // A share can't be more than all: of a frequent name it is at most halfway to there.
  const bounded = Math.min(ratio, (1 + 1 / share) / 2);
  const price = 1 + smallestEffect * Math.abs(bounded - 1) * Math.sqrt(share / (1 - share));
  return (isIt ? bounded : (1 - bounded * share) / (1 - share)) / price;
}
