/**
 * Probabilities over all classes, stored as the top few and the sum of all others; and their calibration by a
 * temperature and a bias a class: Alexandari, Kundaje & Shrikumar, "Maximum likelihood with bias-corrected calibration is
 * hard-to-beat at label shift adaptation", ICML 2020 (arXiv 1901.06852).
 */
import type { RankedTemplate } from '../../models/ranker.js';

export interface ClassList {
  /** Template ids */
  names: readonly string[];
  /** Share of each among the reference's labelled tickets, [classes]; sums to 1 */
  shares: Float64Array;
}

/** Of one ticket. */
export interface ClassProbabilities {
  /** Indices of the top classes */
  classes: Int32Array;
  /** Their probabilities */
  values: Float64Array;
  /** Sum of all other classes, distributed in proportion to their shares */
  rest: number;
}

export interface Calibration {
  temperature: number;
  /** Added to the log-probabilities, [classes] */
  bias: Float64Array;
}

/** Shrinkage of each class's bias, in labels. */
const priorLabels = 5;
const biasRounds = 4;
const minProbability = 1e-12;
/** Smoothing of the votes, because the neighbours are few. */
const minVote = 0.002;

/** @returns null where nothing was ranked */
export function toClassProbabilities(
  ranking: readonly RankedTemplate[],
  places: ReadonlyMap<string, number>,
): ClassProbabilities | null {
  const known = ranking.filter(({ templateId }) => places.has(templateId));
  if (known.length === 0) return null;
  const values = Float64Array.from(known, ({ probability }) => Math.max(probability, minProbability));
  const sum = values.reduce((total, value) => total + value, 0);
  const rest = known.length === places.size ? 0 : Math.max(1 - sum, minProbability);
  return {
    classes: Int32Array.from(known, ({ templateId }) => places.get(templateId) ?? 0),
    values: values.map((value) => value / (sum + rest)),
    rest: rest / (sum + rest),
  };
}

/**
 * Pools the probabilities with neighbour votes: votes multiply, and a class without any keeps its probability.
 *
 * @param votes shares by class, together 1 at most
 * @param weight power that they are raised to; 0 leaves all as it was
 */
export function poolVotes(
  { shares }: ClassList,
  ticket: ClassProbabilities,
  votes: ReadonlyMap<number, number>,
  weight: number,
): ClassProbabilities {
  if (votes.size === 0 || weight === 0) return ticket;
  const perShare = ticket.rest / restShare(shares, ticket);
  const unlisted = ticket.rest === 0 ? [] : [...votes.keys()].filter((label) => !ticket.classes.includes(label));
  const classes = Int32Array.of(...ticket.classes, ...unlisted);
  const own = [...ticket.values, ...unlisted.map((label) => perShare * shares[label]!)];
  const rest = unlisted.reduce((left, label) => left - perShare * shares[label]!, ticket.rest);
  const raised = own.map((value, at) => value * (1 + (votes.get(classes[at]!) ?? 0) / minVote) ** weight);
  const total = raised.reduce((sum, value) => sum + value, Math.max(rest, 0));
  return {
    classes,
    values: Float64Array.from(raised, (value) => value / total),
    rest: Math.max(rest, 0) / total,
  };
}

/** Share of the classes that are not among the top ones. */
export function restShare(shares: Float64Array, { classes }: ClassProbabilities): number {
  return Math.max(
    classes.reduce((left, label) => left - shares[label]!, 1),
    minProbability,
  );
}

/** Each probability to the power of 1/temperature, times the exponential of its class's bias. */
export class Calibrator {
  /** Of all classes, the calibrated value of their share */
  private readonly shares: Float64Array;
  private readonly sum: number;

  constructor(
    private readonly list: ClassList,
    private readonly calibration: Calibration,
  ) {
    const { bias, temperature } = calibration;
    this.shares = list.shares.map((share, label) => share ** (1 / temperature) * Math.exp(bias[label]!));
    this.sum = this.shares.reduce((total, share) => total + share, 0);
  }

  calibrated(probabilities: ClassProbabilities): ClassProbabilities {
    const { classes, values, rest } = probabilities;
    const { bias, temperature } = this.calibration;
    const power = 1 / temperature;
    const raised = values.map((value, at) => value ** power * Math.exp(bias[classes[at]!]!));
    const others = classes.reduce((left, label) => left - this.shares[label]!, this.sum);
    const raisedRest =
      rest === 0 ? 0 : (rest / restShare(this.list.shares, probabilities)) ** power * Math.max(others, 0);
    const total = raised.reduce((sum, value) => sum + value, raisedRest);
    return { classes, values: raised.map((value) => value / total), rest: raisedRest / total };
  }
}

/**
 * The calibration under which the labels are most likely. The biases make the probabilities of a class sum to its
 * labels, shrunk towards 0; the temperature is found by golden-section search.
 *
 * @param labels class of each ticket
 */
export function fitCalibration(
  list: ClassList,
  uncalibrated: readonly ClassProbabilities[],
  labels: readonly number[],
): Calibration {
  const counts = new Float64Array(list.shares.length);
  for (const label of labels) counts[label] = counts[label]! + 1;
  // Biases change little with the temperature: each step starts from the last ones.
  let bias = new Float64Array(list.shares.length);
  const lossAt = (temperature: number): number => {
    let tickets: ClassProbabilities[] = [];
    for (let round = 0; round < biasRounds; round += 1) {
      const calibrator = new Calibrator(list, { temperature, bias });
      tickets = uncalibrated.map((ticket) => calibrator.calibrated(ticket));
      if (round === biasRounds - 1) break;
      const expected = expectedCounts(list, tickets);
      bias = bias.map(
        (value, label) => value + Math.log((counts[label]! + priorLabels) / (expected[label]! + priorLabels)),
      );
    }
    return tickets.reduce((sum, ticket, at) => sum - Math.log(classProbability(list, ticket, labels[at] ?? 0)), 0);
  };
  const temperature = Math.exp(goldenSection((log) => lossAt(Math.exp(log)), Math.log(0.25), Math.log(4)));
  lossAt(temperature);
  return { temperature, bias };
}

/** Sum over the tickets of each class's probability, [classes] */
export function expectedCounts({ shares }: ClassList, tickets: readonly ClassProbabilities[]): Float64Array {
  const counts = new Float64Array(shares.length);
  let everywhere = 0;
  for (const ticket of tickets) {
    const perShare = ticket.rest / restShare(shares, ticket);
    everywhere += perShare;
    ticket.classes.forEach((label, at) => {
      counts[label] = counts[label]! + ticket.values[at]! - perShare * shares[label]!;
    });
  }
  return counts.map((count, label) => Math.max(count + everywhere * shares[label]!, 0));
}

export function classProbability({ shares }: ClassList, ticket: ClassProbabilities, label: number): number {
  const at = ticket.classes.indexOf(label);
  const value = at >= 0 ? ticket.values[at]! : (ticket.rest * shares[label]!) / restShare(shares, ticket);
  return Math.max(value, minProbability);
}

/** Minimum of a unimodal function: Kiefer 1953. */
function goldenSection(valueAt: (x: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atLeft, atRight] = [valueAt(left), valueAt(right)];
  for (let step = 0; step < 12; step += 1) {
    if (atLeft < atRight) {
      high = right;
      [right, atRight] = [left, atLeft];
      left = high - ratio * (high - low);
      atLeft = valueAt(left);
    } else {
      low = left;
      [left, atLeft] = [right, atRight];
      right = low + ratio * (high - low);
      atRight = valueAt(right);
    }
  }
  return (low + high) / 2;
}
