/** Champion and challenger on the same held-out tickets: the differences, their intervals, and the labels they are based on. */
import { calibrationError, calibrationExcess, chanceCalibrationError } from './calibration.js';
import { combineWealth, meanDifference, studentMean, type MeanDifference } from '../../statistics/paired-test.js';
import { compareSlices, type ScoredTicket, type SliceDifference } from './slice-differences.js';
import { choiceCredit, type Trust } from '../../monitoring/labels/trust.js';
import { maxScoreDifference, quadraticScore } from './quadratic-score.js';
import { weightedAccuracy } from './weighted-accuracy.js';
import type { ComparedTicket, Prediction } from './prediction.js';
import { toPercent } from '../../statistics/percent.js';

/**
 * `trusted`: audit, correction and history labels. `weighted-choices`: choices, corrected for trust bias (agents who accept the
 * first suggestion unread) and weighted by the inverse probability of having been shown. `choices`: uncorrected choices; they
 * favour what was shown, so the verdict is marked as biased.
 */
export type Basis = 'trusted' | 'weighted-choices' | 'choices';

export interface ComparisonSettings {
  /** From this number of trusted labels on, choices are not used */
  minTrustedLabels: number;
  trust: Trust;
  /** Smaller slices are not compared */
  minSliceTickets: number;
  random: () => number;
}

export interface Figures {
  /** Top-1 accuracy before abstention, percent of the tickets with a template */
  top1: number;
  /** 95 % confidence interval of `top1` */
  low: number;
  high: number;
  /** Percent of all tickets: correct suggestion or correct abstention */
  useful: number;
  /** Expected calibration error, 0–1 */
  ece: number;
}

export interface Comparison {
  basis: Basis;
  biased: boolean;
  tickets: number;
  champion: Figures;
  challenger: Figures;
  /** Challenger − champion in `top1`, percentage points, with 95 % confidence interval */
  difference: { points: number; low: number; high: number };
  /** Lower bound of the one-sided 95 % interval, percentage points */
  atLeast: number;
  /** The same of `useful` */
  usefulDifference: { points: number; low: number; high: number };
  /** The same of the quadratic (Brier) score of the probabilities, which needs fewer tickets */
  score?: { points: number; low: number; high: number; atLeast: number };
  /** e-value against "not better", half of the wealth on top-1 accuracy and half on the score; 1 / α rejects it at any time */
  evidence: number;
  /** Share of tickets with identical output: first template, its probability and abstention, 0–1 */
  agreement: number;
  /** `ece` of a perfectly calibrated version, 95th percentile, 0–1 */
  chanceEce: number;
  /** Lower bound of the challenger's `ece` − the champion's */
  eceExcess?: number;
  slices: SliceDifference[];
}

const noTrustBias: Trust = { value: 0, error: 0, measured: true };

type Version = 'champion' | 'challenger';

/** @param tickets in the order of time */
export function compare(tickets: readonly ComparedTicket[], settings: ComparisonSettings): Comparison {
  const { basis, tickets: used } = chooseBasis(tickets, settings);
  const trust = basis === 'weighted-choices' ? settings.trust : noTrustBias;
  // Unmeasured trust is guessed: without any correction the accuracy would be too high.
  const accuracyTrust = basis === 'trusted' ? trust : settings.trust;
  const labelled = used.filter(({ label }) => label !== null);
  const scored = scorePredictions(labelled, basis, ({ label, shownFirst }, answer) =>
    choiceCredit(topTemplate(answer), label, shownFirst, trust.value),
  );
  const useful = scorePredictions(used, basis, ({ label, shownFirst }, answer) =>
    choiceCredit(shownTemplate(answer), label, shownFirst, trust.value),
  );
  const differences = scored.map(({ weight, champion, challenger }) => weight * (challenger - champion));
  const scores = scored.map(
    ({ ticket, weight }) =>
      weight *
      (quadraticScore(ticket.challenger, ticket, trust.value) - quadraticScore(ticket.champion, ticket, trust.value)),
  );
  const maxPairWeight = scored.reduce((max, { weight }) => Math.max(max, weight), 1);
  const confidences = (version: Version) =>
    scored.map((ticket) => ({ confidence: ticket.ticket[version].probability, correct: ticket[version] }));
  const accuracy = (rows: readonly ScoredTicket[], version: Version, predict: (by: Prediction) => string | null) =>
    weightedAccuracy(
      rows.map(({ ticket, weight }) => ({
        predicted: predict(ticket[version]),
        chosen: ticket.label,
        shownFirst: ticket.shownFirst,
        weight,
      })),
      accuracyTrust,
    );
  const figures = (version: Version): Figures => {
    const top1 = accuracy(scored, version, topTemplate);
    return {
      top1: toPercent(top1.value),
      low: toPercent(top1.low),
      high: toPercent(top1.high),
      useful: toPercent(accuracy(useful, version, shownTemplate).value),
      ece: calibrationError(confidences(version)),
    };
  };
  const challengerConfidences = confidences('challenger').map(({ confidence }) => confidence);
  return {
    basis,
    biased: basis === 'choices',
    tickets: labelled.length,
    champion: figures('champion'),
    challenger: figures('challenger'),
    difference: toPoints(meanDifference(differences)),
    atLeast: toPercent(meanDifference(differences, 1.645).low),
    usefulDifference: toPoints(
      meanDifference(useful.map(({ weight, champion, challenger }) => weight * (challenger - champion))),
    ),
    score: { ...toPoints(studentMean(scores)), atLeast: toPercent(studentMean(scores, 1.645).low) },
    // The mean of two e-values is an e-value: stopping at 1/α keeps the error rate.
    evidence: combineWealth([
      { differences, bound: (maxPairWeight * (1 + trust.value)) / (1 - trust.value) },
      { differences: scores, bound: maxPairWeight * maxScoreDifference(trust.value) },
    ]).highest,
    agreement: mean(used.map(({ champion, challenger }) => (isSamePrediction(champion, challenger) ? 1 : 0))),
    // A trust-corrected credit has a larger variance than a label.
    chanceEce: chanceCalibrationError(challengerConfidences, settings.random) / (1 - trust.value),
    eceExcess: calibrationExcess(confidences('challenger'), confidences('champion'), settings.random),
    slices: compareSlices(scored, settings.minSliceTickets),
  };
}

function chooseBasis(
  tickets: readonly ComparedTicket[],
  { minTrustedLabels, trust }: ComparisonSettings,
): { basis: Basis; tickets: ComparedTicket[] } {
  const trusted = tickets.filter(({ provenance }) => provenance !== 'choice');
  const choices = tickets.filter(({ provenance }) => provenance === 'choice');
  const hasEnough = trusted.filter(({ label }) => label !== null).length >= minTrustedLabels;
  if (hasEnough || choices.length === 0) return { basis: 'trusted', tickets: trusted };
  const known = choices.filter(
    ({ shownFirst, shownProbability }) => shownFirst === null || (shownProbability ?? 0) > 0,
  );
  // A few choices without a known suggestion are left out; they do not make the comparison biased.
  if (trust.measured && known.length >= 0.9 * choices.length) return { basis: 'weighted-choices', tickets: known };
  return { basis: 'choices', tickets: choices };
}

/**
 * Inverse propensity weights, 1 in the mean. Where the model abstained, nothing could have been shown: such a ticket has the
 * mean weight.
 */
function scorePredictions(
  tickets: readonly ComparedTicket[],
  basis: Basis,
  credit: (ticket: ComparedTicket, answer: Prediction) => number,
): ScoredTicket[] {
  const inverse = ({ shownProbability }: ComparedTicket): number | null =>
    basis === 'weighted-choices' && shownProbability !== null && shownProbability > 0 ? 1 / shownProbability : null;
  const meanInverse = mean(tickets.flatMap((ticket) => inverse(ticket) ?? [])) || 1;
  return tickets.map((ticket) => ({
    ticket,
    weight: (inverse(ticket) ?? meanInverse) / meanInverse,
    champion: credit(ticket, ticket.champion),
    challenger: credit(ticket, ticket.challenger),
  }));
}

const topTemplate = ({ templates }: Prediction): string | null => templates[0] ?? null;
const shownTemplate = (answer: Prediction): string | null => (answer.abstained ? null : topTemplate(answer));

const isSamePrediction = (one: Prediction, other: Prediction): boolean =>
  one.templates[0] === other.templates[0] &&
  one.abstained === other.abstained &&
  Math.abs(one.probability - other.probability) < 1e-4;

const toPoints = ({ mean: centre, low, high }: MeanDifference) => ({
  points: toPercent(centre),
  low: toPercent(low),
  high: toPercent(high),
});

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
