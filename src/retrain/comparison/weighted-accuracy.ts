/**
 * How often an answer is right, told from the choices of agents of whom some take what stands first whatever it is. Each choice
 * counts by how likely it was meant: one of another template surely was, of those of the first the part that trust does not
 * explain. The weights are divided by their sum (the ratio estimator of Hájek 1971; for logged choices Swaminathan & Joachims,
 * "The Self-Normalized Estimator for Counterfactual Learning", NeurIPS 2015), so the share lies between 0 and 1 whatever trust is
 * taken for; sums of `creditOf` do not. As long as agents took the first at least as often as trust alone makes them, both are
 * the same number.
 */
import { choiceCredit, type Trust } from '../../monitoring/labels/trust.js';

export interface ChosenPrediction {
  /** What is said; null: nothing is shown */
  predicted: string | null;
  /** What the agent made of the ticket; null: no template fits */
  chosen: string | null;
  /** What stood before the agent in the first place; null where nothing did */
  shownFirst: string | null;
  /** By the inverse probability of having been shown there, 1 in the mean */
  weight: number;
}

/** 0–1, with its 95 % interval */
export interface AccuracyInterval {
  value: number;
  low: number;
  high: number;
}

const z = 1.959964;
/** Two right and two wrong ones more: the interval keeps its promise where nearly all are right (Agresti & Coull 1998). */
const pseudoCount = 2;

/** The interval holds what is uncertain of the tickets, and of how much agents trust what stands first. */
export function weightedAccuracy(answers: readonly ChosenPrediction[], trust: Trust): AccuracyInterval {
  if (answers.length === 0) return { value: 0, low: 0, high: 1 };
  const total = weightedSum(answers, () => 1);
  // What stood first has other odds than what did not: a version that is often of another mind is judged on its own ground.
  const strata = [
    answers.filter(({ shownFirst }) => shownFirst === null),
    answers.filter(({ shownFirst, predicted: said }) => shownFirst !== null && said === shownFirst),
    answers.filter(({ shownFirst, predicted: said }) => shownFirst !== null && said !== shownFirst),
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
    (all, { predicted: said, chosen, shownFirst, weight }) =>
      all + (weight * (choiceCredit(said, chosen, shownFirst, trust.value) - centre)) ** 2,
    pseudoCount * ((1 - centre) ** 2 + centre ** 2),
  );
  const suggested = answers.filter(({ shownFirst }) => shownFirst !== null);
  const agreementShare = weightedSum(suggested, ({ predicted: said, chosen }) => (said === chosen ? 1 : 0)) / total;
  const firstShare = weightedSum(suggested, ({ predicted: said, shownFirst }) => (said === shownFirst ? 1 : 0)) / total;
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
