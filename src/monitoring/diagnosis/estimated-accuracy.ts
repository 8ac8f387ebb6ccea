/**
 * Top-1 accuracy without labels, from the model's confidence (confidence-based performance estimation, as in NannyML), with three
 * extensions: confidence is calibrated on out-of-fold predictions that are weighted to resemble the window (density ratio by logistic regression: Sugiyama, Suzuki & Kanamori 2012; under label shift by the
 * templates' shares); the nearest known tickets vote as a second predictor; and labels, if there are any, correct the estimate
 * (prediction-powered inference: Angelopoulos, Duchi & Zrnic, "PPI++", arXiv 2311.01453).
 */
import { fitLogistic, logisticProbability } from '../../statistics/logistic-regression.js';
import type { LabelShift } from './label-shift-test.js';

import type { LabelledObservation, Observation } from '../observations/observation.js';
import type { ScoredLabels } from '../labels/scored-labels.js';
import type { NeighbourVotes } from './neighbour-votes.js';

export interface AccuracyEstimate {
  /** On the reference */
  before: Estimate;
  /** On the window */
  now: Estimate;
  /** before − now */
  loss: Estimate;
  /** Number of the window's labels that it uses */
  labels: number;
  /** Per ticket of the window: probability that its first suggestion is correct, 0–1 */
  probabilities: Float64Array;
}

export interface AccuracyInput {
  reference: readonly LabelledObservation[];
  window: readonly Observation[];
  /** In the order of `reference` and `window` */
  votes: NeighbourVotes;
  /** Null without a label shift */
  labelShift: Pick<LabelShift, 'explains' | 'ratios'> | null;
  /** Of tickets of the window */
  labels: ScoredLabels;
}

/** Limits the weight of single tickets where the reference has hardly any like the window's. */
const maxWeight = 10;
const minLabels = 30;
const z = 1.959964;

/** Tickets without a ranking are left out. */
export function estimateAccuracy(question: AccuracyInput): AccuracyEstimate {
  const { labelShift, votes, labels } = question;
  const ratios = labelShift?.explains ? labelShift.ratios : null;
  const featured = <T extends Observation>(tickets: readonly T[], vote: Float64Array): Featured<T>[] =>
    tickets.flatMap((ticket, index) =>
      ticket.ranking.length === 0 ? [] : [{ ticket, features: [ticket.entropy ?? 0, vote[index] ?? 0], index }],
    );
  const reference = featured(question.reference, votes.reference);
  const window = featured(question.window, votes.window);
  const right = reference.map(({ ticket }) => Number(isTop1Correct(ticket)));
  const before = shareEstimate(right);
  const weights = ratios
    ? reference.map(({ ticket: { templateId } }) => (templateId === null ? 1 : (ratios.ratios[templateId] ?? 1)))
    : densityRatio(reference, window);
  const model = fitLogistic({ rows: reference.map(({ features }) => features), targets: right, weights });
  const probabilities = new Float64Array(question.window.length);
  // A suggestion for an empty text is correct by chance at most.
  for (const { features, index, ticket } of window)
    probabilities[index] = ticket.words === 0 ? 0 : logisticProbability(model, features);
  const estimated = window.map(({ index }) => probabilities[index]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // The residuals sum to 0 by construction; their variance is the uncertainty of the calibration.
  const unexplained = reference.reduce((sum, { features }, index) => {
    const residual = (right[index] ?? 0) - logisticProbability(model, features);
    return sum + ((weights[index] ?? 0) * residual) ** 2;
  }, 0);
  const now = meanEstimate(estimated, unexplained / Math.max(total, 1) ** 2);
  const labelled = window.flatMap(({ ticket, index }) => {
    const outcome = labels.credits.get(ticket.key);
    return outcome === undefined ? [] : [{ outcome, probability: probabilities[index]! }];
  });
  const corrected = labelled.length < minLabels ? now : predictionPowered(estimated, labelled, labels.error);
  return { before, now: corrected, loss: difference(before, corrected), labels: labelled.length, probabilities };
}

interface Featured<T> {
  ticket: T;
  features: number[];
  index: number;
}

export function isTop1Correct({ ranking, templateId }: Pick<LabelledObservation, 'ranking' | 'templateId'>): boolean {
  return templateId !== null && ranking[0]?.templateId === templateId;
}

/** Density ratio of window to reference, by a classifier between them. @returns weights with mean 1 */
function densityRatio(reference: readonly Featured<unknown>[], window: readonly Featured<unknown>[]): number[] {
  const rows = [...reference, ...window].map(({ features }) => features);
  const targets = rows.map((_, index) => (index < reference.length ? 0 : 1));
  const model = fitLogistic({ rows, targets }, 5);
  const prior = window.length / Math.max(reference.length, 1);
  const weights = reference.map(({ features }) => {
    const probability = logisticProbability(model, features);
    return Math.min(probability / Math.max(1 - probability, 1e-9) / prior, maxWeight);
  });
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / Math.max(weights.length, 1);
  return weights.map((weight) => weight / (mean || 1));
}

/**
 * PPI++ with power tuning: relies on the labels as far as the estimates do not predict them.
 *
 * @param error systematic standard error of the mean outcome
 */
function predictionPowered(
  all: readonly number[],
  labelled: readonly { outcome: number; probability: number }[],
  error: number,
): Estimate {
  const count = labelled.length;
  const outcome = mean(labelled.map((ticket) => ticket.outcome));
  const probability = mean(labelled.map((ticket) => ticket.probability));
  const covariance =
    labelled.reduce((sum, ticket) => sum + (ticket.outcome - outcome) * (ticket.probability - probability), 0) / count;
  const power = Math.min(Math.max(covariance / ((1 + count / all.length) * Math.max(variance(all), 1e-9)), 0), 1);
  const value = outcome + power * (mean(all) - probability);
  const residuals = variance(labelled.map((ticket) => ticket.outcome - power * ticket.probability));
  return interval(value, residuals / count + (power ** 2 * variance(all)) / all.length + error ** 2);
}

function shareEstimate(right: readonly number[]): Estimate {
  return interval(mean(right), variance(right) / Math.max(right.length, 1));
}

/** The mean over the window's own tickets: only their correctness and the calibration are uncertain. */
function meanEstimate(probabilities: readonly number[], calibration: number): Estimate {
  const count = Math.max(probabilities.length, 1);
  const own = probabilities.reduce((sum, p) => sum + p * (1 - p), 0) / count ** 2;
  return interval(mean(probabilities), own + calibration);
}

function difference(a: Estimate, b: Estimate): Estimate {
  const half = Math.hypot((a.high - a.low) / 2, (b.high - b.low) / 2);
  const value = a.value - b.value;
  return { value, low: value - half, high: value + half };
}

/** Scores of choices can be above 1 or below 0; shares are limited to 0–1. */
function interval(estimate: number, squaredError: number): Estimate {
  const half = z * Math.sqrt(squaredError);
  const value = Math.min(1, Math.max(0, estimate));
  return {
    value,
    low: Math.max(0, Math.min(value, estimate - half)),
    high: Math.min(1, Math.max(value, estimate + half)),
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
const variance = (values: readonly number[]): number => {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(values.length, 1);
};
/** A share or a difference of shares, 0–1, with its 95 % interval */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}
