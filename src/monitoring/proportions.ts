/** Tests and intervals of shares. */

/** How many of so many tickets */
export interface Count {
  hits: number;
  of: number;
}

export const shareOf = ({ hits, of }: Count): number => (of === 0 ? 0 : hits / of);

/**
 * The probability of at least so many hits in `now` where both have the same rate: Fisher's exact test, one-sided.
 *
 * @returns 0 < p ≤ 1
 */
export function fisherGreater(now: Count, before: Count): number {
  const hits = now.hits + before.hits;
  const tickets = now.of + before.of;
  const most = Math.min(hits, now.of);
  if (now.hits === 0 || now.of === 0 || before.of === 0) return 1;
  let sum = 0;
  for (let some = now.hits; some <= most; some += 1) {
    const term = Math.exp(logChoose(now.of, some) + logChoose(before.of, hits - some) - logChoose(tickets, hits));
    sum += term;
    if (term < 1e-12 * sum) break;
  }
  return Math.min(Math.max(sum, Number.MIN_VALUE), 1);
}

/** The probability of at least so many hits where each comes with its own probability: normal approximation, corrected. */
export function moreThanExpected(hits: number, probabilities: readonly number[]): number {
  const mean = probabilities.reduce((sum, p) => sum + p, 0);
  const variance = probabilities.reduce((sum, p) => sum + p * (1 - p), 0);
  if (variance === 0) return hits > mean ? Number.MIN_VALUE : 1;
  return Math.max(normalTail((hits - 0.5 - mean) / Math.sqrt(variance)), Number.MIN_VALUE);
}

/** Probability that a standard normal is above z: Abramowitz & Stegun 7.1.26 within, the asymptotic series far out. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  if (z > 5) {
    const squared = z * z;
    return (Math.exp(-squared / 2) / (z * Math.sqrt(2 * Math.PI))) * (1 - 1 / squared + 3 / squared ** 2);
  }
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  return (series.reduceRight((sum, term) => (sum + term) * t, 0) * Math.exp(-x * x)) / 2;
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** Lanczos's approximation (g = 7, nine terms), for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const series = lanczos.reduce((sum, term, at) => sum + term / (x + at), 0.9999999999998099);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}
