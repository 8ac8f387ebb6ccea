import { seeded } from '../../statistics/random.js';
import { gammaTail, normalTail } from '../../statistics/special-functions.js';
import { bandwidths, type EmbeddingSpace, featureCount, Locator } from './embedding-space.js';

export interface EmbeddingReference {
  /** Tickets that it was built from */
  rows: number;
  /** Mean of the random features and of the scores of distance, [features + scores] */
  means: Float32Array;
  /** Distances beyond which `tails` of the reference lie */
  cuts: number[];
  /** Of the reference, ascending: a distance is scored by its rank among them */
  distances: Float32Array;
  /** Variance of each score of distance */
  variances: number[];
  nulls: NullDistribution[];
}

/** Distribution of the statistics without drift, for windows of one size. */
export interface NullDistribution {
  size: number;
  /** Mean and variance of each kernel's statistic */
  kernels: { mean: number; variance: number }[];
  /** The largest surprise of each draw, ascending */
  surprises: Float32Array;
}

export interface EmbeddingRow {
  point: Int16Array;
  /** To the nearest centroid of the reference */
  distance: number;
}

/**
 * @param rows of the reference that the space was not fitted on
 * @param draws windows drawn from it for each size
 * @returns null where there are too few
 */
export function buildEmbeddingReference(
  space: EmbeddingSpace,
  rows: readonly EmbeddingRow[],
  seed: number,
  draws: number,
): EmbeddingReference | null {
  if (rows.length < minRows) return null;
  const distances = Float32Array.from(rows, ({ distance }) => distance).sort();
  const cuts = tailShares.map((tail) => distances[Math.floor((1 - tail) * distances.length)]!);
  const width = featureCount(space) + tailShares.length + 1;
  const reference: EmbeddingReference = {
    rows: rows.length,
    means: new Float32Array(width),
    cuts,
    distances,
    variances: [],
    nulls: [],
  };
  const locator = new Locator(space);
  const features = rows.map((row) => rowFeatures(locator, reference, row));
  const sums = new Float64Array(width);
  for (const row of features) addFeatureRow(sums, row);
  reference.means = Float32Array.from(sums, (sum) => sum / rows.length);
  reference.variances = distanceScores(reference.means).map((mean, at) => {
    const place = width - tailShares.length - 1 + at;
    return features.reduce((sum, row) => sum + (row[place]! - mean) ** 2, 0) / (rows.length - 1);
  });
  const random = seeded(seed);
  const order = Int32Array.from(rows, (_, index) => index);
  for (const size of windowSizes) {
    if (size > rows.length / 2) break;
    reference.nulls.push(drawNullDistribution(reference, { features, sums, order }, size, draws, random));
  }
  return reference;
}

export interface FeatureRows {
  features: Float32Array[];
  sums: Float64Array;
  order: Int32Array;
}

/** Draws windows without replacement and compares each with the rest of the reference, which accounts for its finite size. */
export function drawNullDistribution(
  reference: EmbeddingReference,
  { features, sums, order }: FeatureRows,
  size: number,
  draws: number,
  random: () => number,
): NullDistribution {
  const rest = order.length - size;
  const statistics = Array.from({ length: draws }, () => {
    const window = new Float64Array(sums.length);
    for (let at = 0; at < size; at += 1) {
      const other = at + Math.floor(random() * (order.length - at));
      const row = order[other]!;
      order[other] = order[at]!;
      order[at] = row;
      addFeatureRow(window, features[row] as Float32Array);
    }
    const differences = window.map((sum, at) => sum / size - (sums[at]! - sum) / rest);
    return testStatistics(differences, reference.variances, 1 / size + 1 / rest);
  });
  const kernels = bandwidths.map((_, kernel) => {
    const values = statistics.map((row) => row[kernel]!);
    const mean = values.reduce((a, b) => a + b, 0) / draws;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws - 1) };
  });
  const surprises = Float32Array.from(statistics, (row) => maxSurprise(row, kernels).surprise).sort();
  return { size, kernels, surprises };
}

/** Random features of the point, then the scores of the distance. */
export function rowFeatures(
  locator: Locator,
  { cuts, distances, means }: EmbeddingReference,
  { point, distance }: EmbeddingRow,
): Float32Array {
  const features = new Float32Array(means.length);
  locator.addFeatures(point, features);
  let at = features.length - tailShares.length - 1;
  for (const cut of cuts) features[at++] = distance >= cut ? 1 : 0;
  // Exponential scores of the rank: the locally best for a tail that grows (Savage 1956).
  const rank = lowerBound(distances, distance);
  features[at] = -Math.log(1 - (rank + 0.5) / (distances.length + 1));
  return features;
}

export function addFeatureRow(sums: Float64Array, row: Float32Array): void {
  for (let at = 0; at < row.length; at += 1) sums[at] = sums[at]! + row[at]!;
}

export const distanceScores = (means: Float32Array): number[] => [
  ...means.subarray(means.length - tailShares.length - 1),
];
/** The squared distance of means for each kernel, the difference for each score, in units that do not depend on the sizes. */
export function testStatistics(differences: Float64Array, variances: readonly number[], scale: number): Float64Array {
  const statistics = new Float64Array(components);
  const perKernel = (differences.length - variances.length) / bandwidths.length;
  for (let kernel = 0; kernel < bandwidths.length; kernel += 1) {
    let squares = 0;
    for (let at = kernel * perKernel; at < (kernel + 1) * perKernel; at += 1) squares += differences[at]! ** 2;
    statistics[kernel] = squares / scale;
  }
  variances.forEach((variance, at) => {
    const difference = differences[bandwidths.length * perKernel + at]!;
    statistics[bandwidths.length + at] = variance > 0 ? difference / Math.sqrt(variance * scale) : 0;
  });
  return statistics;
}

/** Kernels by a gamma distribution with the null's mean and variance, scores by the normal distribution. */
export function maxSurprise(
  statistics: Float64Array,
  kernels: NullDistribution['kernels'],
): { surprise: number; component: number } {
  let [surprise, component] = [-Infinity, 0];
  statistics.forEach((value, at) => {
    const kernel = kernels[at];
    const tail = kernel
      ? gammaTail(kernel.mean ** 2 / kernel.variance, (value * kernel.mean) / kernel.variance)
      : normalTail(value);
    const own = -Math.log10(Math.max(tail, 1e-300));
    if (own > surprise) [surprise, component] = [own, at];
  });
  return { surprise: Math.fround(surprise), component };
}

/** Index of the first of ascending numbers that is not less than `value` */
export function lowerBound(sorted: Float32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Shares of the reference beyond each of the counted distances. */
export const tailShares = [0.1, 0.05, 0.02] as const;
export const components = bandwidths.length + tailShares.length + 1;
export const windowSizes = [30, 100, 300, 1000, 3000] as const;
export const minRows = 40;
