/** Two-sample tests on counts: a window's against the reference's, both of finite size. */
import { chiSquareTail, hypergeometricTail, normalTail } from './special-functions.js';

/** Minimum expected count of a chi-square bin in the smaller sample (Cochran's rule). */
const minExpected = 5;
const maxNumberBins = 10;

export interface CountTest {
  pValue: number;
  statistic: number;
  /** The bin that moved most, by its own p-value */
  bin: number;
}

/** Two samples of counts, the reference re-weighted to the window's hours. */
export interface ComparedCounts {
  /** [bins] */
  reference: Float64Array;
  /** [bins] */
  window: Float64Array;
}

/**
 * Re-weights the reference to the window's hours of the week. Its counts are scaled to the effective sample size (Kish 1965).
 *
 * @param reference [blocks × bins] @param window likewise
 */
export function reweightToHours(reference: Float64Array, window: Float64Array, bins: number): ComparedCounts {
  const blocks = reference.length / bins;
  if (blocks === 1) return { reference, window };
  const sumOf = (counts: Float64Array, block: number): number =>
    counts.subarray(block * bins, (block + 1) * bins).reduce((a, b) => a + b, 0);
  const total = window.reduce((a, b) => a + b, 0);
  const [shares, sums] = [new Float64Array(bins), new Float64Array(bins)];
  let [inverse, known] = [0, 0];
  for (let block = 0; block < blocks; block += 1) {
    const inReference = sumOf(reference, block);
    const inWindow = sumOf(window, block);
    // Hours without reference data can't be compared.
    if (inReference === 0) continue;
    known += inWindow;
    inverse += (inWindow / total) ** 2 / inReference;
    for (let bin = 0; bin < bins; bin += 1) {
      shares[bin] = shares[bin]! + (inWindow * reference[block * bins + bin]!) / inReference;
      sums[bin] = sums[bin]! + window[block * bins + bin]!;
    }
  }
  if (known === 0) return { reference: shares, window: sums };
  const size = (known / total) ** 2 / inverse;
  return { reference: shares.map((share) => (share / known) * size), window: sums };
}

const sum = (counts: Float64Array): number => counts.reduce((a, b) => a + b, 0);

/**
 * Categories: Pearson's chi-square with rare bins pooled, and Fisher's exact test of each bin with Bonferroni's correction; the
 * p-value is twice the smaller of both.
 */
export function testCategories({ reference, window }: ComparedCounts): CountTest | null {
  const [n, m] = [sum(reference), sum(window)];
  if (n < 1 || m < 1) return null;
  const occupied = [...reference.keys()].filter((bin) => reference[bin]! + window[bin]! > 0);
  if (occupied.length < 2) return null;
  let [bin, smallest] = [occupied[0]!, 2];
  for (const at of occupied) {
    const own = exactTest(window[at]!, m, reference[at]!, n);
    if (own < smallest) [bin, smallest] = [at, own];
  }
  // Of two bins the first says what the second says: of `no` and `yes` it is told how many say yes.
  if (occupied.length === 2) bin = occupied[1]!;
  const exact = Math.min(1, smallest * (occupied.length === 2 ? 1 : occupied.length));
  if (occupied.length === 2) return { pValue: positive(exact), statistic: -Math.log10(positive(exact)), bin };
  const { pValue, statistic } = chiSquareTest(reference, window);
  return { pValue: positive(2 * Math.min(exact, pValue)), statistic, bin };
}

/** Binned numbers: Wilcoxon's rank sum with ties, and a chi-square of about ten bins for changes of shape. */
export function testBinnedNumbers({ reference, window }: ComparedCounts): CountTest | null {
  const [n, m] = [sum(reference), sum(window)];
  if (n < 1 || m < 1) return null;
  const all = n + m;
  let [before, inReference, ranks, ties] = [0, 0, 0, 0];
  const coarse = { reference: new Float64Array(maxNumberBins), window: new Float64Array(maxNumberBins) };
  reference.forEach((count, bin) => {
    const own = window[bin]!;
    const both = count + own;
    ranks += own * (before + (both + 1) / 2);
    ties += both ** 3 - both;
    const group = Math.min(maxNumberBins - 1, Math.floor((maxNumberBins * (inReference + count / 2)) / n));
    coarse.reference[group] = coarse.reference[group]! + count;
    coarse.window[group] = coarse.window[group]! + own;
    before += both;
    inReference += count;
  });
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (!(variance > 0)) return null;
  const shift = ranks - (m * (all + 1)) / 2;
  const z = (Math.abs(shift) - 0.5) / Math.sqrt(variance);
  const rankSum = Math.min(1, 2 * normalTail(Math.max(0, z)));
  const shape = chiSquareTest(coarse.reference, coarse.window).pValue;
  return { pValue: positive(2 * Math.min(rankSum, shape)), statistic: Math.sign(shift) * z || 0, bin: -1 };
}

/** Pearson's test of homogeneity of two samples; bins below the minimum expected count are pooled. */
export function chiSquareTest(reference: Float64Array, window: Float64Array): { pValue: number; statistic: number } {
  const [n, m] = [sum(reference), sum(window)];
  // By the reference alone: a window must not choose the bins that it is judged by.
  const least = minExpected * Math.max(1, n / m);
  let [pooledReference, pooledWindow, statistic, bins] = [0, 0, 0, 0];
  const add = (count: number, own: number): void => {
    const expected = ((count + own) * m) / (n + m);
    // Both cells of a bin in one: the reference's is as far from what is expected of it.
    statistic += ((own - expected) ** 2 / expected) * (1 + m / n);
    bins += 1;
  };
  reference.forEach((count, bin) => {
    const own = window[bin]!;
    if (count >= least) add(count, own);
    else {
      pooledReference += count;
      pooledWindow += own;
    }
  });
  if (pooledReference >= least) add(pooledReference, pooledWindow);
  return bins < 2 ? { pValue: 1, statistic: 0 } : { pValue: chiSquareTail(bins - 1, statistic), statistic };
}

/** Fisher's exact test, two-sided as twice the smaller tail. */
function exactTest(own: number, m: number, count: number, n: number): number {
  const [drawn, marked, all] = [Math.round(m), Math.round(own + count), Math.round(n + m)];
  const k = Math.round(own);
  const more = hypergeometricTail(k, all, marked, drawn);
  const fewer = hypergeometricTail(drawn - k, all, all - marked, drawn);
  return Math.min(1, 2 * Math.min(more, fewer));
}

/** No test of a finite sample can rule drift in for sure. */
const positive = (pValue: number): number => Math.min(1, Math.max(pValue, 1e-300));
