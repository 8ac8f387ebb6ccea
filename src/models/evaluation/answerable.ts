/** How many tickets could be answered with a wanted precision, and what that is worth. */
import { percentOf } from '../../statistics/percent.js';

/** What a model that had not seen a ticket said of it. */
export interface Prediction {
  /** Probability of the first suggestion, 0–1 */
  confidence: number;
  /** Whether it is the right one; false where no template fits */
  right: boolean;
  /** 0 or 1: a line drawn on one half is judged on the other */
  half: number;
}

export interface CoverageAtPrecision {
  /** Wanted, 0–1 */
  precision: number;
  /** Tickets whose first suggestion is sure enough, in percent */
  coverage: number;
  /** Right ones among those, in percent; null where there are none */
  achieved: number | null;
}

export interface Savings extends CoverageAtPrecision {
  ticketsPerMonth: number;
  /** Tickets a month whose first suggestion would be shown and right */
  answeredRight: number;
  answeredWrong: number;
  /** Of agents' time, a month: of those that are answered right */
  hours: number;
}

/**
 * Selective classification: the lowest confidence from which on the wanted share is right (El-Yaniv & Wiener 2010), drawn
 * on one half of the tickets and judged on the other.
 */
export function coverageAtPrecision(predictions: readonly Prediction[], precision: number): CoverageAtPrecision {
  const lines = [0, 1].map((half) =>
    fitThreshold(
      predictions.filter((prediction) => prediction.half !== half),
      precision,
    ),
  );
  const answered = predictions.filter(({ confidence, half }) => confidence >= (lines[half] ?? Infinity));
  const right = answered.filter((prediction) => prediction.right).length;
  return {
    precision,
    coverage: percentOf(answered.length, predictions.length),
    achieved: answered.length === 0 ? null : percentOf(right, answered.length),
  };
}

function fitThreshold(predictions: readonly Prediction[], precision: number): number {
  const sorted = predictions.toSorted((a, b) => b.confidence - a.confidence);
  let [right, lowest] = [0, Infinity];
  sorted.forEach((prediction, index) => {
    if (prediction.right) right += 1;
    const isLastOfItsKind = sorted[index + 1]?.confidence !== prediction.confidence;
    if (isLastOfItsKind && right / (index + 1) >= precision) lowest = prediction.confidence;
  });
  // All may be answered: then nothing that is a little less sure in the other half is held back either.
  return lowest === sorted.at(-1)?.confidence ? 0 : lowest;
}

/** Precision among the surest tickets, by share of tickets answered: [share, precision], both in percent. */
export function precisionCurve(
  predictions: readonly Prediction[],
  points = 50,
): { share: number; precision: number }[] {
  const sorted = predictions.toSorted((a, b) => b.confidence - a.confidence);
  const ends = new Set(Array.from({ length: points }, (_, index) => Math.ceil(((index + 1) * sorted.length) / points)));
  let right = 0;
  return sorted.flatMap((prediction, index) => {
    if (prediction.right) right += 1;
    if (!ends.has(index + 1)) return [];
    return { share: percentOf(index + 1, sorted.length), precision: percentOf(right, index + 1) };
  });
}

export function estimateSavings(possible: CoverageAtPrecision, ticketsPerMonth: number, minutesPerTicket: number): Savings {
  const answered = (ticketsPerMonth * possible.coverage) / 100;
  const right = (answered * (possible.achieved ?? 0)) / 100;
  return {
    ...possible,
    ticketsPerMonth,
    answeredRight: Math.round(right),
    answeredWrong: Math.round(answered - right),
    hours: Math.round((right * minutesPerTicket) / 6) / 10,
  };
}
