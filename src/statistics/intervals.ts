/** Estimates with their 95 % intervals. */

export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** Sample size */
  of: number;
}

export interface MeanSums {
  of: number;
  sum: number;
  /** Sum of the squares */
  squares: number;
}

/** The 97.5 % quantile of the standard normal distribution. */
const z = 1.959964;

/** The same as most tables round it; stored results and drift reports have been computed with it. */
const roundedZ = 1.96;

/** Wilson's 95 % score interval (JASA 1927) of a proportion, 0–1; accurate for small samples and extreme proportions too. */
export function wilsonInterval(hits: number, of: number): [low: number, high: number] {
  if (of === 0) return [0, 1];
  const share = hits / of;
  const z2 = roundedZ ** 2;
  const centre = (share + z2 / (2 * of)) / (1 + z2 / of);
  const half = (roundedZ / (1 + z2 / of)) * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of ** 2));
  return [Math.min(share, Math.max(0, centre - half)), Math.max(share, Math.min(1, centre + half))];
}

/** A proportion with Wilson's score interval. */
export function proportionInterval(hits: number, of: number): Estimate | null {
  if (of === 0) return null;
  const [low, high] = wilsonInterval(hits, of);
  return { value: hits / of, low, high, of };
}

/** A mean with the normal interval of its standard error; null for fewer than two values. */
export function meanInterval({ of, sum, squares }: MeanSums): Estimate | null {
  if (of < 2) return null;
  const value = sum / of;
  const variance = Math.max(0, (squares - of * value * value) / (of - 1));
  const half = z * Math.sqrt(variance / of);
  return { value, low: value - half, high: value + half, of };
}

/** A count of independent events, with Byar's interval of a Poisson mean (Breslow & Day 1987). */
export function poissonInterval(count: number): Estimate {
  const low = count === 0 ? 0 : count * (1 - 1 / (9 * count) - z / (3 * Math.sqrt(count))) ** 3;
  const above = count + 1;
  const high = above * (1 - 1 / (9 * above) + z / (3 * Math.sqrt(above))) ** 3;
  return { value: count, low: Math.max(0, low), high, of: count };
}

/**
 * Which quantiles of `of` values bound the quantile `share` of what they were drawn from: by the ranks that a binomial count
 * of values below it lies between (David & Nagaraja, Order Statistics, 2003), 95 %.
 */
export function quantileBounds(share: number, of: number): [low: number, high: number] {
  const half = z * Math.sqrt((share * (1 - share)) / of);
  return [Math.max(0, share - half), Math.min(1, share + half)];
}
