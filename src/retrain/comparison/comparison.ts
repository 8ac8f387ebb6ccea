/** Champion and challenger on the same tickets, which neither had seen: what can be said of the difference, and on what ground. */
import { calibrationError, calibrationExcess, chanceError } from './calibration.js';
import { evidenceTogether, meanDifference, spreadMean, type MeanDifference } from '../../statistics/paired-test.js';
import { slicesOf, type Scored, type SliceDifference } from './slice-differences.js';
import { creditOf, type Trust } from '../../monitoring/labels/trust.js';
import { mostScoreDifference, scoreOf } from './answer-score.js';
import { shareRight } from './weighted-accuracy.js';
import { Answer, ComparedTicket } from './answer.js';
import { toPercent } from '../../statistics/percent.js';

/**
 * `trusted`: audit, correction and history. `weighted-choices`: choices, corrected for agents who take what stands first and
 * for the share of tickets on which nothing is shown. `choices`: choices as they are; they favour what was shown, so a
 * verdict that rests on them is called biased.
 */
export type Basis = 'trusted' | 'weighted-choices' | 'choices';

export interface ComparisonRules {
  /** So many trusted labels are enough not to ask the choices */
  fewestTrusted: number;
  trust: Trust;
  /** Smaller slices are not looked at */
  smallestSlice: number;
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

const atTheirWord: Trust = { value: 0, error: 0, measured: true };

/** @param tickets in the order of time */
export function compare(tickets: readonly ComparedTicket[], rules: ComparisonRules): Comparison {
  const { basis, tickets: used } = chosenBasis(tickets, rules);
  const trust = basis === 'weighted-choices' ? rules.trust : atTheirWord;
  // Where nothing measures trust it is guessed: an accuracy without the guess would surely be too high.
  const guess = basis === 'trusted' ? trust : rules.trust;
  const labelled = used.filter(({ label }) => label !== null);
  const scored = weighted(labelled, basis, ({ label, shownFirst }, answer) =>
    creditOf(firstOf(answer), label, shownFirst, trust.value),
  );
  const useful = weighted(used, basis, ({ label, shownFirst }, answer) =>
    creditOf(shownOf(answer), label, shownFirst, trust.value),
  );
  const differences = scored.map(({ weight, champion, challenger }) => weight * (challenger - champion));
  const scores = scored.map(
    ({ ticket, weight }) =>
      weight * (scoreOf(ticket.challenger, ticket, trust.value) - scoreOf(ticket.champion, ticket, trust.value)),
  );
  const heaviest = scored.reduce((most, { weight }) => Math.max(most, weight), 1);
  const said = (who: 'champion' | 'challenger') =>
    scored.map((one) => ({ confidence: one.ticket[who].probability, right: one[who] }));
  const rightOf = (all: readonly Scored[], saidIn: (ticket: ComparedTicket) => string | null) =>
    shareRight(all.map(({ ticket, weight }) => ({ ...ticket, said: saidIn(ticket), chosen: ticket.label, weight })), guess); // prettier-ignore
  const figures = (who: 'champion' | 'challenger'): Figures => {
    const top1 = rightOf(scored, (ticket) => firstOf(ticket[who]));
    return {
      top1: toPercent(top1.value),
      low: toPercent(top1.low),
      high: toPercent(top1.high),
      useful: toPercent(rightOf(useful, (ticket) => shownOf(ticket[who])).value),
      ece: calibrationError(said(who)),
    };
  };
  const confidences = said('challenger').map(({ confidence }) => confidence);
  return {
    basis,
    biased: basis === 'choices',
    tickets: labelled.length,
    champion: figures('champion'),
    challenger: figures('challenger'),
    difference: inPoints(meanDifference(differences)),
    atLeast: toPercent(meanDifference(differences, 1.645).low),
    usefulDifference: inPoints(
      meanDifference(useful.map(({ weight, champion, challenger }) => weight * (challenger - champion))),
    ),
    score: { ...inPoints(spreadMean(scores)), atLeast: toPercent(spreadMean(scores, 1.645).low) },
    // The mean of two wealths is one: who stops at 1/α is as seldom wrong.
    evidence: evidenceTogether([
      { differences, bound: (heaviest * (1 + trust.value)) / (1 - trust.value) },
      { differences: scores, bound: heaviest * mostScoreDifference(trust.value) },
    ]).highest,
    agreement: mean(used.map(({ champion, challenger }) => (sameAnswer(champion, challenger) ? 1 : 0))),
    // A credit that is corrected for trust scatters more than a label.
    chanceEce: chanceError(confidences, rules.random) / (1 - trust.value),
    eceExcess: calibrationExcess(said('challenger'), said('champion'), rules.random),
    slices: slicesOf(scored, rules.smallestSlice),
  };
}

function chosenBasis(
  tickets: readonly ComparedTicket[],
  { fewestTrusted, trust }: ComparisonRules,
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
function weighted(
  tickets: readonly ComparedTicket[],
  basis: Basis,
  credit: (ticket: ComparedTicket, answer: Answer) => number,
): Scored[] {
  const inverse = ({ shownProbability }: ComparedTicket): number | null =>
    basis === 'weighted-choices' && shownProbability !== null && shownProbability > 0 ? 1 / shownProbability : null;
  const usual = mean(tickets.flatMap((ticket) => inverse(ticket) ?? [])) || 1;
  return tickets.map((ticket) => ({
    ticket,
    weight: (inverse(ticket) ?? usual) / usual,
    champion: credit(ticket, ticket.champion),
    challenger: credit(ticket, ticket.challenger),
  }));
}

const firstOf = ({ first }: Answer): string | null => first[0] ?? null;
const shownOf = (answer: Answer): string | null => (answer.abstained ? null : firstOf(answer));

const sameAnswer = (one: Answer, other: Answer): boolean =>
  one.first[0] === other.first[0] &&
  one.abstained === other.abstained &&
  Math.abs(one.probability - other.probability) < 1e-4;

const inPoints = ({ mean: centre, low, high }: MeanDifference) => ({
  points: toPercent(centre),
  low: toPercent(low),
  high: toPercent(high),
});

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
