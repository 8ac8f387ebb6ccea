/**
 * Sequential tests of paired differences, valid after every ticket: the wealth of bets against "the mean difference is at most the
 * margin" (Waudby-Smith & Ramdas, arXiv 2010.09686; on wins and losses a sequential McNemar's test). Stopping at wealth 1/α has a
 * false-positive rate of at most α, however often it is evaluated (Ville 1939).
 */

/** Staked shares of the wealth; their mean is powerful for small and large differences. */
const stakes = [0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.6, 0.8, 0.95];

export interface Wealth {
  /** After the last difference; 1 before the first */
  now: number;
  /** Maximum so far: the value to compare with 1/α */
  highest: number;
}

/** Bets against "the mean difference is at most `margin`", one difference after the other. */
export class BettingTest {
  private readonly logs = stakes.map(() => 0);
  private highest = 1;

  /** @param bound maximum absolute difference */
  constructor(
    private readonly bound: number,
    private readonly margin = 0,
  ) {}

  add(difference: number): void {
    const gain = (difference - this.margin) / (this.bound + Math.abs(this.margin));
    stakes.forEach((stake, index) => (this.logs[index] = this.logs[index]! + Math.log1p(stake * gain)));
    this.highest = Math.max(this.highest, this.now());
  }

  wealth(): Wealth {
    return { now: this.now(), highest: this.highest };
  }

  private now(): number {
    return this.logs.reduce((sum, log) => sum + Math.exp(log), 0) / stakes.length;
  }
}

/** Differences in the order of the tickets, each within ±`bound` */
export interface BoundedDifferences {
  differences: readonly number[];
  bound: number;
}

/** Mean wealth over several kinds of differences; a valid sequential test like each of them. */
export function combineWealth(kinds: readonly BoundedDifferences[], margin = 0): Wealth {
  const tests = kinds.map(({ bound }) => new BettingTest(bound, margin));
  const wealth: Wealth = { now: 1, highest: 1 };
  const tickets = Math.max(...kinds.map(({ differences }) => differences.length));
  for (let at = 0; at < tickets; at += 1) {
    tests.forEach((test, kind) => test.add(kinds[kind]?.differences[at] ?? 0));
    wealth.now = tests.reduce((sum, test) => sum + test.wealth().now, 0) / tests.length;
    wealth.highest = Math.max(wealth.highest, wealth.now);
  }
  return wealth;
}

export interface MeanDifference {
  mean: number;
  low: number;
  high: number;
  /** Standard error of the mean */
  error: number;
}

/**
 * Mean of paired differences with an interval that keeps its coverage where nearly all are 0: one more pair on each side
 * (Bonett & Price 2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data").
 *
 * @param z of the interval; 1.96 for 95 %
 */
export function meanDifference(differences: readonly number[], z = 1.96): MeanDifference {
  const size = differences.length + 2;
  const sum = differences.reduce((total, one) => total + one, 0);
  const squares = differences.reduce((total, one) => total + one * one, 2);
  const centre = sum / size;
  const error = Math.sqrt(Math.max(0, squares / size - centre ** 2) / size);
  const mean = differences.length === 0 ? 0 : sum / differences.length;
  return { mean, low: Math.max(-1, centre - z * error), high: Math.min(1, centre + z * error), error };
}

/** @param differences in the order of the tickets, each within ±`bound` */
export const bettingWealth = (differences: readonly number[], bound: number, margin = 0): Wealth =>
  combineWealth([{ differences, bound }], margin);

/** Mean of differences that are not nearly all 0, with Student's t interval. */
export function studentMean(differences: readonly number[], z = 1.96): MeanDifference {
  const size = differences.length;
  if (size < 2) return { mean: differences[0] ?? 0, low: -1, high: 1, error: 1 };
  const mean = differences.reduce((total, one) => total + one, 0) / size;
  const squares = differences.reduce((total, one) => total + (one - mean) ** 2, 0);
  const error = Math.sqrt(squares / (size - 1) / size);
  // The quantile of t for many degrees of freedom (Abramowitz & Stegun 26.7.5)
  const half = z * (1 + (z ** 2 + 1) / (4 * (size - 1))) * error;
  return { mean, low: mean - half, high: mean + half, error };
}

/** Probability that a standard normal number is below `z` (Abramowitz & Stegun 7.1.26, off by at most 1.5e-7). */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const polynomial = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const error = 1 - polynomial * Math.exp(-x * x);
  return z < 0 ? (1 - error) / 2 : (1 + error) / 2;
}

/** Adjusts p-values for multiple tests (Holm 1979), in the given order. */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => (pValues[a] ?? 0) - (pValues[b] ?? 0));
  const adjusted = [...pValues];
  let least = 0;
  order.forEach((index, rank) => {
    least = Math.max(least, Math.min(1, (pValues[index] ?? 1) * (pValues.length - rank)));
    adjusted[index] = least;
  });
  return adjusted;
}
