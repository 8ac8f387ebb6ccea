/**
 * How often the first suggestion is right, told without labels from how sure the model is (confidence-based performance
 * estimation, as NannyML has it), with three things more: certainty is calibrated on held-out tickets that are weighted to
 * look like the window (density ratio by logistic regression: Sugiyama, Suzuki & Kanamori 2012; under label shift by the
 * templates' shares); the nearest known tickets vote beside it; and labels, where there are some, correct what is left
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
  /** Labels of the window that it rests on too */
  labels: number;
  /** What each ticket of the window adds, 0–1: the probability that its first suggestion is right */
  probabilities: Float64Array;
}

export interface AccuracyInput {
  reference: readonly LabelledObservation[];
  window: readonly Observation[];
  /** In the order of `reference` and `window` */
  votes: NeighbourVotes;
  /** Null where that is not what has moved */
  labelShift: Pick<LabelShift, 'explains' | 'ratios'> | null;
  /** Of tickets of the window */
  labels: ScoredLabels;
}

/** Weights beyond say that the reference has hardly such tickets: they would rest on one of them. */
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
  // Nothing is known of what an empty text asks: a suggestion is right by chance at most.
  for (const { features, index, ticket } of window)
    probabilities[index] = ticket.words === 0 ? 0 : logisticProbability(model, features);
  const estimated = window.map(({ index }) => probabilities[index]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // The regression's residuals average out by construction; what they scatter is how little the reference knows.
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

/** Of window to reference, by a classifier that tells one from the other. @returns weights with mean 1 */
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
 * PPI++ with its power tuning: labels alone where the estimates tell nothing, hardly any labels where they tell all.
 *
 * @param error of all outcomes together, beside what chance makes of each
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

/** The window's own tickets are what is asked about: only whether each is right is uncertain, and the calibration. */
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

/** Credits of choices can be more than 1 or less than 0, shares can't. */
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
