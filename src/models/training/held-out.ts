/** Analysis of out-of-fold predictions: slices, confusions, calibration, suspected label errors. */
import { combineScores, type LabelledScores } from '../heads/combination.js';
import { softmax } from '../ranking/softmax.js';
import { percentOf } from '../../statistics/percent.js';

/** The out-of-fold prediction for one ticket. Classes are indices. */
export interface Prediction {
  /** Row of the data, from 0 */
  row: number;
  label: number;
  predicted: number;
  confidence: number;
  /** Probability of the label */
  rightProbability: number;
  /** Rank of the label among all templates, from 1 */
  rank: number;
  /** Most probable class above its threshold of confident learning; the label itself if there is none */
  suspected: number;
}

export interface Scored {
  rows: number;
  /** Percent */
  top1: number;
  hits3: number;
  logLoss: number;
}

/** Head: the most frequent templates with half of all labels. Tail: the rarest with a tenth. Middle: the rest. */
export type FrequencyBand = 'head' | 'middle' | 'tail';

/** @param rows row of the data for each row of the scores @returns one prediction per labelled row */
export function predictHeldOut(
  rows: Int32Array,
  { labels, classes, scores }: LabelledScores,
  weights: readonly number[],
): Prediction[] {
  const labelled = [...labels.keys()].filter((index) => (labels[index] ?? -1) >= 0);
  const thresholds = meanSelfConfidence(labelled, { labels, classes, scores }, weights);
  return labelled.map((index) => {
    const label = labels[index] ?? 0;
    const probabilities = softmax(combineScores(weights, scores, index, classes));
    const rightProbability = probabilities[label] ?? 0;
    let [predicted, rank, suspected, most] = [0, 1, label, -1];
    for (let other = 0; other < classes; other += 1) {
      const probability = probabilities[other]!;
      if (probability > probabilities[predicted]!) predicted = other;
      if (probability > rightProbability) rank += 1;
      if (probability >= thresholds[other]! && probability > most) [suspected, most] = [other, probability];
    }
    const confidence = probabilities[predicted] ?? 0;
    return { row: rows[index] ?? 0, label, predicted, confidence, rightProbability, rank, suspected };
  });
}

/** Thresholds of confident learning (Northcutt, Jiang & Chuang, JAIR 2021): mean probability of a class on its own tickets. */
function meanSelfConfidence(
  rows: number[],
  { labels, classes, scores }: LabelledScores,
  weights: readonly number[],
): number[] {
  const sums = new Float64Array(classes);
  const counts = new Float64Array(classes);
  for (const index of rows) {
    const label = labels[index] ?? 0;
    sums[label] = sums[label]! + (softmax(combineScores(weights, scores, index, classes))[label] ?? 0);
    counts[label] = counts[label]! + 1;
  }
  return Array.from(sums, (sum, label) => (counts[label] ? sum / counts[label] : Infinity));
}

export function summarise(predictions: readonly Prediction[]): Scored {
  const count = Math.max(1, predictions.length);
  const share = (depth: number): number => percentOf(predictions.filter(({ rank }) => rank <= depth).length, count);
  const loss = predictions.reduce((sum, { rightProbability }) => sum - Math.log(Math.max(rightProbability, 1e-12)), 0);
  return {
    rows: predictions.length,
    top1: share(1),
    hits3: share(3),
    logLoss: Math.round((10_000 * loss) / count) / 10_000,
  };
}

/** @returns scores per slice, largest slice first; tickets without a slice name are left out */
export function scoreSlices(
  predictions: readonly Prediction[],
  nameOf: (prediction: Prediction) => string | null,
): Record<string, Scored> {
  const parts = new Map<string, Prediction[]>();
  for (const prediction of predictions) {
    const name = nameOf(prediction);
    if (name === null) continue;
    const part = parts.get(name) ?? [];
    part.push(prediction);
    parts.set(name, part);
  }
  const sorted = [...parts].sort(([, a], [, b]) => b.length - a.length);
  return Object.fromEntries(sorted.map(([name, part]) => [name, summarise(part)]));
}

/** @returns the band of each class */
export function frequencyBands(labelCounts: readonly number[]): FrequencyBand[] {
  const total = labelCounts.reduce((sum, count) => sum + count, 0);
  const parts = labelCounts.map((): FrequencyBand => 'middle');
  let before = 0;
  for (const label of [...labelCounts.keys()].sort((a, b) => (labelCounts[b] ?? 0) - (labelCounts[a] ?? 0))) {
    if (before < total / 2) parts[label] = 'head';
    else if (before >= 0.9 * total) parts[label] = 'tail';
    before += labelCounts[label] ?? 0;
  }
  return parts;
}

export interface Confusion {
  label: number;
  predicted: number;
  count: number;
}

/** @returns the most frequent pairs of label and wrong prediction */
export function countConfusions(predictions: readonly Prediction[], most: number): Confusion[] {
  const counts = new Map<string, Confusion>();
  for (const { label, predicted } of predictions) {
    if (label === predicted) continue;
    const key = `${label} ${predicted}`;
    const pair = counts.get(key) ?? { label, predicted, count: 0 };
    pair.count += 1;
    counts.set(key, pair);
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).slice(0, most);
}

export interface CalibrationBin {
  rows: number;
  /** Mean probability of the first suggestion, 0–1 */
  confidence: number;
  /** Share of correct first suggestions, 0–1 */
  right: number;
}

/** Bins of equal mass, as in `ece` of `replyrank evaluate`. */
export function calibrationBins(predictions: readonly Prediction[], bins = 15): CalibrationBin[] {
  const sorted = predictions.toSorted((a, b) => a.confidence - b.confidence);
  return Array.from({ length: bins }, (_, bin) => {
    const start = Math.floor((bin * sorted.length) / bins);
    const part = sorted.slice(start, Math.floor(((bin + 1) * sorted.length) / bins));
    const mean = (of: (prediction: Prediction) => number): number =>
      Math.round((10_000 * part.reduce((sum, prediction) => sum + of(prediction), 0)) / part.length) / 10_000;
    return {
      rows: part.length,
      confidence: mean(({ confidence }) => confidence),
      right: mean(({ rank }) => +(rank === 1)),
    };
  }).filter(({ rows }) => rows > 0);
}

/** @returns wrong predictions, most confident first */
export function confidentErrors(predictions: readonly Prediction[], most: number): Prediction[] {
  const wrong = predictions.filter(({ label, predicted }) => label !== predicted);
  return wrong.sort((a, b) => b.confidence - a.confidence || a.row - b.row).slice(0, most);
}
