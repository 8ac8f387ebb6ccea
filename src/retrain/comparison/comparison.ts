/** Champion and challenger on the same tickets, which neither had seen: what can be said of the difference, and on what ground. */
import { calibrationError, calibrationExcess, chanceCalibrationError } from './calibration.js';
import { combineWealth, meanDifference, studentMean, type MeanDifference } from '../../statistics/paired-test.js';
import { compareSlices, type ScoredTicket, type SliceDifference } from './slice-differences.js';
import { choiceCredit, type Trust } from '../../monitoring/labels/trust.js';
import { maxScoreDifference, quadraticScore } from './answer-score.js';
import { weightedAccuracy } from './weighted-accuracy.js';
import { Prediction, ComparedTicket } from './answer.js';
import { toPercent } from '../../statistics/percent.js';

/**
 * `trusted`: audit, correction and history. `weighted-choices`: choices, corrected for agents who take what stands first and
 * for the share of tickets on which nothing is shown. `choices`: choices as they are; they favour what was shown, so a
 * verdict that rests on them is called biased.
 */
export type Basis = 'trusted' | 'weighted-choices' | 'choices';

export interface ComparisonSettings {
  /** So many trusted labels are enough not to ask the choices */
  minTrustedLabels: number;
  trust: Trust;
  /** Smaller slices are not looked at */
  minSliceTickets: number;
  random: () => number;
}

export interface Figures {
  /** Percent of the tickets with a template: the first one is right, before abstention */
  top1: number;
  /** Its 95 % interval */
  low: number;
  high: number;
  /** Percent of all tickets: shown and right, or rightly not answered */
  useful: number;
  /** 0–1 */
  ece: number;
}

export interface Comparison {
  basis: Basis;
  biased: boolean;
  tickets: number;
  champion: Figures;
  challenger: Figures;
  /** Challenger less champion in top-1, points; 95 % interval */
  difference: { points: number; low: number; high: number };
  /** Lower end of the one-sided 95 % interval, points */
  atLeast: number;
  /** The same of `useful` */
  usefulDifference: { points: number; low: number; high: number };
  /** The same of the quadratic score of the probabilities, which tells as much with fewer tickets; missing in older ones */
  score?: { points: number; low: number; high: number; atLeast: number };
  /** Wealth won by betting against "not better", half of it on what stands first and half on the score: 1 / 0.05 is enough, whenever one looks */
  evidence: number;
  /** Share of tickets with the same first template and the same decision to show it, 0–1 */
  agreement: number;
  /** The error in `ece` that chance alone explains, 0–1 */
  chanceEce: number;
  /** By how much the challenger's `ece` is surely above the champion's, below 0 where it may be less; missing in older ones */
  eceExcess?: number;
  slices: SliceDifference[];
}

const noTrustBias: Trust = { value: 0, error: 0, measured: true };

/** @param tickets in the order of time */
export function compare(tickets: readonly ComparedTicket[], rules: ComparisonSettings): Comparison {
  const { basis, tickets: used } = chooseBasis(tickets, rules);
  const trust = basis === 'weighted-choices' ? rules.trust : noTrustBias;
  // Where nothing measures trust it is guessed: an accuracy without the guess would surely be too high.
  const accuracyTrust = basis === 'trusted' ? trust : rules.trust;
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
  const maxPairWeight = scored.reduce((most, { weight }) => Math.max(most, weight), 1);
  const confidences = (who: 'champion' | 'challenger') =>
    scored.map((one) => ({ confidence: one.ticket[who].probability, right: one[who] }));
  const accuracy = (all: readonly ScoredTicket[], saidIn: (ticket: ComparedTicket) => string | null) =>
    weightedAccuracy(all.map(({ ticket, weight }) => ({ ...ticket, said: saidIn(ticket), chosen: ticket.label, weight })), accuracyTrust); // prettier-ignore
  const figures = (who: 'champion' | 'challenger'): Figures => {
    const top1 = accuracy(scored, (ticket) => topTemplate(ticket[who]));
    return {
      top1: toPercent(top1.value),
      low: toPercent(top1.low),
      high: toPercent(top1.high),
      useful: toPercent(accuracy(useful, (ticket) => shownTemplate(ticket[who])).value),
      ece: calibrationError(confidences(who)),
    };
  };
  const confidences = confidences('challenger').map(({ confidence }) => confidence);
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
    // The mean of two wealths is one: who stops at 1/α is as seldom wrong.
    evidence: combineWealth([
      { differences, bound: (maxPairWeight * (1 + trust.value)) / (1 - trust.value) },
      { differences: scores, bound: maxPairWeight * maxScoreDifference(trust.value) },
    ]).highest,
    agreement: mean(used.map(({ champion, challenger }) => (isSamePrediction(champion, challenger) ? 1 : 0))),
    // A credit that is corrected for trust scatters more than a label.
    chanceEce: chanceCalibrationError(confidences, rules.random) / (1 - trust.value),
    eceExcess: calibrationExcess(confidences('challenger'), confidences('champion'), rules.random),
    slices: compareSlices(scored, rules.minSliceTickets),
  };
}

function chooseBasis(
  tickets: readonly ComparedTicket[],
  { minTrustedLabels: fewestTrusted, trust }: ComparisonSettings,
): { basis: Basis; tickets: ComparedTicket[] } {
  const trusted = tickets.filter(({ provenance }) => provenance !== 'choice');
  const choices = tickets.filter(({ provenance }) => provenance === 'choice');
  const enough = trusted.filter(({ label }) => label !== null).length >= fewestTrusted;
  if (enough || choices.length === 0) return { basis: 'trusted', tickets: trusted };
  const known = choices.filter(
    ({ shownFirst, shownProbability }) => shownFirst === null || (shownProbability ?? 0) > 0,
  );
  // A few of which it is not known what was shown are left out; they are no reason to call all of it biased.
  if (trust.measured && known.length >= 0.9 * choices.length) return { basis: 'weighted-choices', tickets: known };
  return { basis: 'choices', tickets: choices };
}

/**
 * Weights of 1 / the probability of having been shown there, 1 in the mean. Where the model had kept silent, nothing could have
 * been shown: such a ticket stands for itself.
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

const topTemplate = ({ templates: first }: Prediction): string | null => first[0] ?? null;
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
