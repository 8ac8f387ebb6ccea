/** Compares a window with the reference: one finding for each signal and slice, at one level for all together. */
import { testCategories, testBinnedNumbers, reweightToHours, type CountTest } from '../../statistics/contingency.js';
import { explainMove, nameMove, numberMove } from './effects.js';
import { EmbeddingSums } from './embedding-test.js';
import type { Finding } from '../observations/finding.js';
import { isConfidenceRise } from './confidence-drop.js';
import { countByBin, computeMoments, type Reference } from '../reference/reference.js';
import { binCount, sliceKinds, type CodedTicket, type Measure } from '../reference/ticket-coding.js';
import { detectorWeights } from './detector-weights.js';
import type { WindowSample } from './window-sample.js';
import { formatPoints } from '../../statistics/percent.js';

export interface WindowTestSettings {
  /** Maximum share of windows without drift that raise an alarm, over all signals and slices, 0–1; default 0.01 */
  level?: number;
  /** Smallest effect to raise an alarm for, in standard deviations of a signal; default 0.1. Smaller ones are reported. */
  minEffect?: number;
}

/** A smaller window has no findings. */
export const minTickets = 30;

interface WeightedFinding extends Omit<Finding, 'alarm' | 'pValue'> {
  pValue: number;
  /** Part of the level, 0–1; they sum to 1 */
  weight: number;
  /** In standard deviations of the signal */
  size: number;
}

/**
 * Holm's step-down procedure with weights (1979) over all signals and slices: a signal with a larger weight may use
 * more of the level.
 *
 * @returns the findings, the smallest p-values first; none where the window has fewer than 30 distinct tickets
 */
export function testWindow(reference: Reference, window: WindowSample, settings: WindowTestSettings = {}): Finding[] {
  const { level = 0.01, minEffect = 0.1 } = settings;
  const tickets = window.distinct();
  if (tickets.length < minTickets) return [];
  const { slices, measures } = reference.coding;
  const weights = slices.map((slice) => detectorWeights(slices, measures, slice));
  const tested = combineParts([
    ...embeddingFinding(reference, tickets, weights),
    ...signalFindings(reference, tickets, weights),
  ]).map(oneSided);
  const total = tested.reduce((sum, { weight }) => sum + weight, 0);
  tested.sort((a, b) => a.pValue / a.weight - b.pValue / b.weight);
  let left = total;
  let isRejected = true;
  return tested.map(({ weight, size, ...finding }) => {
    isRejected &&= finding.pValue <= (level * weight) / left;
    left -= weight;
    return { ...finding, alarm: isRejected && size >= minEffect };
  });
}

/** Only a drop of confidence is tested: a rise, however clear, is no evidence of one. */
const oneSided = (finding: WeightedFinding): WeightedFinding =>
  isConfidenceRise(finding) ? { ...finding, pValue: 1 - finding.pValue / 2 } : finding;

/** One finding for each signal and slice: a signal with two measures has the smaller p-value, with Bonferroni's correction. */
function combineParts(all: readonly WeightedFinding[]): WeightedFinding[] {
  const bySubject = new Map<string, WeightedFinding>();
  for (const tested of all) {
    const subject = JSON.stringify([tested.signal, tested.slice]);
    const other = bySubject.get(subject);
    const stronger = other && other.pValue <= tested.pValue ? other : tested;
    const pValue = other ? Math.min(1, 2 * stronger.pValue) : tested.pValue;
    bySubject.set(subject, { ...stronger, pValue, weight: tested.weight + (other?.weight ?? 0) });
  }
  return [...bySubject.values()];
}

function embeddingFinding(
  reference: Reference,
  tickets: readonly CodedTicket[],
  weights: number[][],
): WeightedFinding[] {
  const { coding, embedding } = reference;
  const novelty = coding.measures.findIndex(({ part }) => part === 'novelty');
  if (!coding.space || !embedding || novelty < 0) return [];
  const sums = new EmbeddingSums(coding.space, embedding);
  for (const { point, values } of tickets) if (point) sums.add({ point, distance: values[novelty]! });
  const verdict = sums.test();
  if (!verdict) return [];
  const { pValue, statistic } = verdict;
  const effect = sums.noveltyEffect();
  return [
    {
      signal: 'embedding',
      slice: { by: 'all', value: '' },
      statistic,
      pValue,
      evidence: null,
      effect,
      explanation: `Embedding drift: ${formatPoints(effect.value)} of tickets beyond the 95th reference percentile (${sums.tickets} tickets).`,
      weight: (weights[0]?.[novelty] ?? 0) + (weights[0]?.[novelty + 1] ?? 0),
      // Texts that moved among known topics are an effect too, which no share of novel ones measures.
      size: Infinity,
    },
  ];
}

function signalFindings(reference: Reference, tickets: readonly CodedTicket[], weights: number[][]): WeightedFinding[] {
  const { coding } = reference;
  // Unlike detectors, the tests of a kind's slices divide its weight.
  const slices = new Map(sliceKinds.map((by) => [by, coding.slices.filter((slice) => slice.by === by).length]));
  return coding.slices.flatMap((slice, at) =>
    coding.measures.flatMap((measure, index): WeightedFinding[] => {
      const isWholeEmbedding = measure.part !== null && slice.by === 'all';
      const counts = reference.counts[at]?.[index];
      if (!counts || isWholeEmbedding) return [];
      const own = countByBin(coding, measure, tickets, at);
      const both = reweightToHours(counts, own, binCount(measure));
      const test = measure.kind === 'names' ? testCategories(both) : testBinnedNumbers(both);
      if (!test) return [];
      const weight = (weights[at]?.[index] ?? 0) / (slice.by === 'all' ? 1 : (slices.get(slice.by) ?? 1));
      return [describeTest(reference, { measure, index, at, tickets, both, test, weight })];
    }),
  );
}

interface MeasureTest {
  measure: Measure;
  index: number;
  /** Of the slice */
  at: number;
  tickets: readonly CodedTicket[];
  both: { reference: Float64Array; window: Float64Array };
  test: CountTest;
  weight: number;
}

function describeTest(
  reference: Reference,
  { measure, index, at, tickets, both, test, weight }: MeasureTest,
): WeightedFinding {
  const slice = reference.coding.slices[at] as Finding['slice'];
  const moments = reference.moments[at]?.[index];
  const moved =
    measure.kind === 'number' && moments
      ? numberMove(measure, moments, computeMoments(tickets, at, index))
      : nameMove(measure, both, test.bin);
  return {
    signal: measure.signal,
    slice,
    statistic: test.statistic,
    pValue: test.pValue,
    evidence: null,
    effect: moved.effect,
    explanation: explainMove(measure, slice, moved),
    weight,
    size: moved.size,
  };
}
