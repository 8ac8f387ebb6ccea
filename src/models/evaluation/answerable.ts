/** Coverage at a target precision, and the agents' time that it saves. */
import { percentOf } from '../../statistics/percent.js';

/** An out-of-fold prediction. */
export interface Prediction {
  /** Probability of the first suggestion, 0–1 */
  confidence: number;
  /** Whether it is correct; false where no template fits */
  right: boolean;
  /** 0 or 1: a threshold fitted on one half is evaluated on the other */
  half: number;
}

export interface CoverageAtPrecision {
  /** Target, 0–1 */
  precision: number;
  /** Share of tickets above the confidence threshold, percent */
  coverage: number;
  /** Precision among those, percent; null where there are none */
  achieved: number | null;
}

export interface Savings extends CoverageAtPrecision {
  ticketsPerMonth: number;
  /** Tickets a month with a correct first suggestion that is shown */
  answeredRight: number;
  answeredWrong: number;
  /** Agents' time saved a month, on the correct ones */
  hours: number;
}

/**
 * Selective classification (El-Yaniv & Wiener 2010): the lowest confidence threshold with the target precision, fitted on one half of
 * the tickets and evaluated on the other.
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
  // All can be answered: then slightly less confident tickets of the other half are answered too.
  return lowest === sorted.at(-1)?.confidence ? 0 : lowest;
}

/** Precision by coverage, most confident tickets first, both in percent. */
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

export function estimateSavings(
  possible: CoverageAtPrecision,
  ticketsPerMonth: number,
  minutesPerTicket: number,
): Savings {
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
