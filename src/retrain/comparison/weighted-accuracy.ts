/**
 * Accuracy estimated from agents' choices under trust bias: some agents accept the first suggestion whatever it is. Each choice
 * is weighted by the probability that it was intended: 1 for another template; for the first one, the share that trust does not
 * explain. The weights are divided by their sum (the ratio estimator of Hájek 1971; for logged choices Swaminathan & Joachims,
 * "The Self-Normalized Estimator for Counterfactual Learning", NeurIPS 2015), so the estimate lies between 0 and 1 for any trust;
 * sums of `choiceCredit` do not. If agents accepted the first suggestion at least as often as trust alone implies, both are equal.
 */
import { choiceCredit, type Trust } from '../../monitoring/labels/trust.js';

export interface ChosenPrediction {
  /** Null: nothing is shown */
  predicted: string | null;
  /** The agent's choice; null: no template fits */
  chosen: string | null;
  /** The first suggestion that the agent saw; null without one */
  shownFirst: string | null;
  /** Inverse propensity weight, 1 in the mean */
  weight: number;
}

/** 0–1, with 95 % confidence interval */
export interface AccuracyInterval {
  value: number;
  low: number;
  high: number;
}

const z = 1.959964;
/** Two successes and two failures are added, which keeps the coverage near 0 and 1 (Agresti & Coull 1998). */
const pseudoCount = 2;

/** The interval covers sampling error of the tickets and of the trust estimate. */
export function weightedAccuracy(answers: readonly ChosenPrediction[], trust: Trust): AccuracyInterval {
  if (answers.length === 0) return { value: 0, low: 0, high: 1 };
  const total = weightedSum(answers, () => 1);
  // Stratified: a version that often disagrees with the shown suggestion is evaluated on the tickets where it does.
  const strata = [
    answers.filter(({ shownFirst }) => shownFirst === null),
    answers.filter(({ shownFirst, predicted }) => shownFirst !== null && predicted === shownFirst),
    answers.filter(({ shownFirst, predicted }) => shownFirst !== null && predicted !== shownFirst),
  ];
  const value = strata.reduce(
    (part, ground) => part + (weightedSum(ground, () => 1) / total) * ratioEstimate(ground, trust.value),
    0,
  );
  const [size, centre] = [
    answers.length + 2 * pseudoCount,
    (answers.length * value + pseudoCount) / (answers.length + 2 * pseudoCount),
  ];
  const squares = answers.reduce(
    (all, { predicted, chosen, shownFirst, weight }) =>
      all + (weight * (choiceCredit(predicted, chosen, shownFirst, trust.value) - centre)) ** 2,
    pseudoCount * ((1 - centre) ** 2 + centre ** 2),
  );
  const suggested = answers.filter(({ shownFirst }) => shownFirst !== null);
  const agreementShare = weightedSum(suggested, ({ predicted, chosen }) => (predicted === chosen ? 1 : 0)) / total;
  const firstShare = weightedSum(suggested, ({ predicted, shownFirst }) => (predicted === shownFirst ? 1 : 0)) / total;
  const trustError = (trust.error * (agreementShare - firstShare)) / (1 - trust.value) ** 2;
  const half = z * Math.hypot(Math.sqrt(squares) / size, trustError);
  return {
    value,
    low: Math.min(value, Math.max(0, centre - half)),
    high: Math.max(value, Math.min(1, centre + half)),
  };
}

function ratioEstimate(answers: readonly ChosenPrediction[], trust: number): number {
  const all = weightedSum(answers, () => 1);
  const accepted =
    weightedSum(answers, ({ chosen, shownFirst }) => (isFirst(chosen, shownFirst) ? 1 : 0)) / Math.max(all, 1e-9);
  const intendedShare = ({ chosen, shownFirst }: ChosenPrediction): number =>
    isFirst(chosen, shownFirst) ? Math.max(0, 1 - trust / accepted) : 1;
  const weights = weightedSum(answers, intendedShare);
  return weights > 0
    ? weightedSum(answers, (one) => (one.predicted === one.chosen ? intendedShare(one) : 0)) / weights
    : 0;
}

const isFirst = (chosen: string | null, first: string | null): boolean => first !== null && chosen === first;

const weightedSum = (answers: readonly ChosenPrediction[], of: (answer: ChosenPrediction) => number): number =>
  answers.reduce((all, answer) => all + answer.weight * of(answer), 0);
