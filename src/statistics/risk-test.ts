/**
 * Whether the error rate has risen by more than is tolerated, looked at after every label for as long as one likes: Podkopaev &
 * Ramdas, "Tracking the risk of a deployed model and detecting harmful distribution shifts", ICLR 2022 (arXiv 2110.06177), by
 * betting (Waudby-Smith & Ramdas 2024): the capital of a gambler who bets on errors, averaged over bets of several sizes,
 * exceeds 1/level with a probability of at most `level` as long as the error rate is at most what is tolerated.
 */
import type { Count } from './proportions.js';

export interface RiskTest {
  risen: boolean;
  /** Evidence: the largest capital so far; 1/level is enough */
  capital: number;
  /** Error rate that would be bearable: the reference's upper bound and the tolerance, 0–1 */
  tolerated: number;
  /** Error rate on the labels, 0–1 */
  observed: number;
  labels: number;
}

export interface RiskSettings {
  /** Rise of the error rate that is tolerated, 0–1 */
  tolerance: number;
  /** Probability of a false alarm, ever */
  level: number;
  /** No error is less; default 0 */
  minError?: number;
}

const stakes = [0.05, 0.1, 0.2, 0.4, 0.7];

/**
 * @param before wrong first suggestions of the reference
 * @param errors of labelled tickets, in the order in which the labels came: 1 where the first suggestion was wrong; of choices
 *   that are corrected for trust numbers that are right in the mean, and can be less than 0 or more than 1
 */
export function testRisk(
  before: Count,
  errors: readonly number[],
  { tolerance, level, minError = 0 }: RiskSettings,
): RiskTest {
  // A quarter of the level for the reference's own uncertainty (Hoeffding and Bernstein, the better one), a quarter for how much
  // agents trust, half for the bets.
  const tolerated = Math.min(upperBound(before, level / 4) + tolerance, 1 - 1e-9);
  // No error may cost more than the capital.
  const bets = stakes.map((stake) => stake / (1 - minError / tolerated));
  const capitals = bets.map(() => 1);
  let capital = 1;
  for (const error of errors) {
    bets.forEach((bet, index) => (capitals[index] = capitals[index]! * (1 + bet * (error / tolerated - 1))));
    capital = Math.max(capital, capitals.reduce((sum, own) => sum + own, 0) / bets.length);
  }
  const wrong = errors.reduce((sum, error) => sum + error, 0);
  const observed = Math.min(1, Math.max(0, wrong / Math.max(errors.length, 1)));
  return { risen: capital >= 2 / level, capital, tolerated, observed, labels: errors.length };
}

/** Upper confidence bound of a rate. Empirical Bernstein: Maurer & Pontil 2009. */
function upperBound({ hits, of }: Count, level: number): number {
  if (of < 2) return 1;
  const rate = hits / of;
  const log = Math.log(2 / level);
  const hoeffding = Math.sqrt(Math.log(1 / level) / (2 * of));
  const bernstein = Math.sqrt((2 * rate * (1 - rate) * log) / of) + (7 * log) / (3 * (of - 1));
  return Math.min(rate + Math.min(hoeffding, bernstein), 1);
}
