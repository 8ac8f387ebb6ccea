/** Confidence intervals of measurements. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** 95 % interval of a median by order statistics (binomial, normal approximation). */
export function medianInterval(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const half = 0.98 * Math.sqrt(sorted.length);
  const at = (place: number): number => sorted[Math.max(0, Math.min(sorted.length - 1, place))] ?? NaN;
  return [at(Math.floor(sorted.length / 2 - half)), at(Math.ceil(sorted.length / 2 + half))];
}

/**
 * 95 % interval of the mean of clustered values, such as windows of one reference: by the variance between cluster means.
 */
export function clusteredMean(clusters: readonly (readonly number[])[]): {
  mean: number;
  low: number;
  high: number;
  error: number;
} {
  const means = clusters.map((values) => values.reduce((a, b) => a + b, 0) / values.length);
  const mean = means.reduce((a, b) => a + b, 0) / means.length;
  const variance = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, means.length - 1);
  const error = Math.sqrt(variance / means.length);
  return { mean, low: mean - 1.96 * error, high: mean + 1.96 * error, error };
}

/** 95 % interval of the ratio of two means of pairs, by linearisation (Cochran 1977, chapter 6). */
export function ratioOfMeans(
  numerators: readonly number[],
  denominators: readonly number[],
): { ratio: number; low: number; high: number } {
  const count = numerators.length;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const ratio = sum(numerators) / sum(denominators);
  const residuals = numerators.map((value, at) => value - ratio * denominators[at]!);
  const variance = residuals.reduce((total, residual) => total + residual ** 2, 0) / Math.max(1, count - 1);
  const error = Math.sqrt(variance / count) / (sum(denominators) / count);
  return { ratio, low: ratio - 1.96 * error, high: ratio + 1.96 * error };
}
