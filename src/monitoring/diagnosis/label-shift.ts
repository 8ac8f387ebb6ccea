/**
 * Label shift: the templates' shares have changed since training, while tickets of one template read as before.
 * The new shares are estimated without labels by expectation maximisation on calibrated probabilities: Saerens, Latinne &
 * Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities", Neural Computation 2002. With many
 * classes and a small window that overfits; a Dirichlet prior on the reference's shares regularises it, with the
 * strength that maximises the likelihood of the window. Where a weak model is undecided, the nearest known tickets help: their votes
 * multiply its probabilities (a logarithmic opinion pool: Genest & Zidek, Statistical Science 1986), as far as that helps on the
 * reference.
 */
import {
  Calibrator,
  fitCalibration,
  toClassProbabilities,
  classProbability,
  restShare,
  poolVotes,
  type Calibration,
  type ClassList,
  type ClassProbabilities,
} from './class-probabilities.js';
import { templateVotes } from './neighbour-votes.js';
import type { LabelledObservation, Observation } from '../observations/observation.js';
import { logGamma } from '../../statistics/special-functions.js';

/** The classes before a shift. */
export interface ShareReference extends ClassList {
  places: ReadonlyMap<string, number>;
  calibration: Calibration;
  /** Votes of a ticket's nearest known tickets, and their exponent in the pool */
  votesOf: (ticket: Pick<Observation, 'embedding'>) => ReadonlyMap<string, number>;
  voteWeight: number;
}

/** Added to each class's labels: a class that the sample lacks is not impossible. */
const smoothing = 0.5;
/** Exponents of the votes, selected on the reference's labels */
const voteWeights = [0, 0.5, 1, 2, 4];
const emRounds = 200;
const tolerance = 1e-5;
/** Strengths of the Dirichlet prior in tickets, from far more than a window has to hardly any */
export const priorStrengths = [100_000, 10_000, 3_000, 1_000, 300, 100, 30, 10];

/** @returns null where the reference has fewer than two templates with labels */
export function fitShareReference(reference: readonly LabelledObservation[]): ShareReference | null {
  const counts = new Map<string, number>();
  for (const { templateId, ranking } of reference) {
    if (templateId !== null) counts.set(templateId, (counts.get(templateId) ?? 0) + 1);
    for (const { templateId: ranked } of ranking) if (!counts.has(ranked)) counts.set(ranked, 0);
  }
  const names = [...counts.keys()].sort();
  if (names.filter((name) => counts.get(name)).length < 2) return null;
  const smoothed = Float64Array.from(names, (name) => (counts.get(name) ?? 0) + smoothing);
  const total = smoothed.reduce((sum, count) => sum + count, 0);
  const list: ClassList = { names, shares: smoothed.map((count) => count / total) };
  const places = new Map(names.map((name, place) => [name, place]));
  const votesOf = templateVotes(reference);
  const labelled = reference.flatMap((ticket) => {
    const probabilities = toClassProbabilities(ticket.ranking, places);
    const { templateId } = ticket;
    if (!probabilities || templateId === null) return [];
    return [{ probabilities, votes: votesByClass(votesOf(ticket), places), label: places.get(templateId) ?? 0 }];
  });
  const labels = labelled.map(({ label }) => label);
  const fits = voteWeights.map((voteWeight) => {
    const tickets = labelled.map(({ probabilities, votes }) => poolVotes(list, probabilities, votes, voteWeight));
    const calibration = fitCalibration(list, tickets, labels);
    const calibrator = new Calibrator(list, calibration);
    const loss = tickets.reduce(
      (sum, ticket, at) => sum - Math.log(classProbability(list, calibrator.calibrated(ticket), labels[at] ?? 0)),
      0,
    );
    return { voteWeight, calibration, loss };
  });
  const { voteWeight, calibration } = fits.reduce((best, fit) => (fit.loss < best.loss ? fit : best));
  return { ...list, places, calibration, votesOf, voteWeight };
}

function votesByClass(votes: ReadonlyMap<string, number>, places: ReadonlyMap<string, number>): Map<number, number> {
  const known = [...votes].flatMap(([name, vote]): [number, number][] => {
    const place = places.get(name);
    return place === undefined ? [] : [[place, vote]];
  });
  return new Map(known);
}

/** The window's calibrated probabilities; tickets without a ranking are left out. */
export function calibrateWindow(
  reference: ShareReference,
  window: readonly Pick<Observation, 'ranking' | 'embedding'>[],
): ClassProbabilities[] {
  const calibrator = new Calibrator(reference, reference.calibration);
  const { places, votesOf, voteWeight } = reference;
  return window.flatMap((ticket) => {
    const probabilities = toClassProbabilities(ticket.ranking, places);
    if (!probabilities) return [];
    const votes = voteWeight === 0 ? new Map<number, number>() : votesByClass(votesOf(ticket), places);
    return [calibrator.calibrated(poolVotes(reference, probabilities, votes, voteWeight))];
  });
}

/** A window's probabilities as flat arrays, because they are read thousands of times. */
interface FlatWindow {
  tickets: number;
  /** Where each ticket's classes begin, [tickets + 1] */
  start: Int32Array;
  classes: Int32Array;
  /** Probability divided by the class's share in the reference */
  perShare: Float64Array;
  /** The same of all classes that are not listed */
  restPerShare: Float64Array;
}

function flattenWindow({ shares }: ClassList, window: readonly ClassProbabilities[]): FlatWindow {
  const start = new Int32Array(window.length + 1);
  window.forEach(({ classes }, at) => (start[at + 1] = start[at]! + classes.length));
  const flat: FlatWindow = {
    tickets: window.length,
    start,
    classes: new Int32Array(start[window.length]!),
    perShare: new Float64Array(start[window.length]!),
    restPerShare: Float64Array.from(window, (ticket) => ticket.rest / restShare(shares, ticket)),
  };
  window.forEach(({ classes, values }, at) => {
    flat.classes.set(classes, start[at]);
    flat.perShare.set(
      values.map((value, index) => value / shares[classes[index]!]!),
      start[at],
    );
  });
  return flat;
}

export interface ShareEstimate {
  /** Of future tickets, [classes] */
  shares: Float64Array;
  /** Of the window's own tickets, [classes]: farther from the reference than the shares of future tickets */
  inWindow: Float64Array;
  /** Strength of the prior, in tickets */
  strength: number;
}

/**
 * Shares of the classes, without a label.
 *
 * @param window calibrated; an empty one gives the reference's shares
 * @param strength of the prior in tickets; by default the one that maximises the likelihood of the window
 */
export function estimateShares(
  reference: ClassList,
  window: readonly ClassProbabilities[],
  strength?: number,
): ShareEstimate {
  const flat = flattenWindow(reference, window);
  let best = { likelihood: -Infinity, shares: reference.shares, inWindow: reference.shares, strength: 0 };
  let { shares } = reference;
  for (const some of strength === undefined ? priorStrengths : [strength]) {
    const found = expectationMaximisation(reference.shares, flat, some, shares);
    shares = found.shares;
    const likelihood = logMarginal(reference.shares, found.counts, some);
    const inWindow = found.counts.map((count) => count / flat.tickets);
    if (likelihood > best.likelihood) best = { likelihood, shares, inWindow, strength: some };
  }
  return best;
}

/**
 * The most likely shares under a Dirichlet prior worth `strength` tickets with the reference's shares; and how many tickets
 * of each class the window holds then.
 */
function expectationMaximisation(
  before: Float64Array,
  window: FlatWindow,
  strength: number,
  from: Float64Array,
): { shares: Float64Array; counts: Float64Array } {
  let shares = from;
  let counts = from;
  for (let round = 0; round < emRounds; round += 1) {
    counts = posteriorCounts(window, shares);
    const next = counts.map((count, label) => (count + strength * before[label]!) / (window.tickets + strength));
    const change = next.reduce((sum, share, label) => sum + Math.abs(share - shares[label]!), 0);
    shares = next;
    if (change < tolerance) break;
  }
  return { shares, counts };
}

/** Tickets of each class in the window where the classes have these shares, [classes]; sums to the window's tickets. */
function posteriorCounts(
  { tickets, start, classes, perShare, restPerShare }: FlatWindow,
  shares: Float64Array,
): Float64Array {
  const counts = new Float64Array(shares.length);
  let everywhere = 0;
  for (let ticket = 0; ticket < tickets; ticket += 1) {
    const [first, end] = [start[ticket]!, start[ticket + 1]!];
    let [listed, total] = [0, 0];
    for (let at = first; at < end; at += 1) {
      const share = shares[classes[at]!]!;
      listed += share;
      total += share * perShare[at]!;
    }
    const rest = restPerShare[ticket]!;
    total += rest * Math.max(1 - listed, 0);
    everywhere += rest / total;
    for (let at = first; at < end; at += 1) {
      const label = classes[at]!;
      counts[label] = counts[label]! + (shares[label]! * (perShare[at]! - rest)) / total;
    }
  }
  return counts.map((count, label) => Math.max(count + everywhere * shares[label]!, 0));
}

/** One ticket's probabilities where the classes have other shares than in the reference. */
export function reweightTicket(
  { shares: before }: ClassList,
  ticket: ClassProbabilities,
  shares: Float64Array,
): ClassProbabilities {
  const values = ticket.values.map((value, at) => {
    const label = ticket.classes[at]!;
    return (value * shares[label]!) / before[label]!;
  });
  // The others are distributed in proportion to their shares, before and after.
  const rest = (ticket.rest * restShare(shares, ticket)) / restShare(before, ticket);
  const total = values.reduce((sum, value) => sum + value, rest);
  return { classes: ticket.classes, values: values.map((value) => value / total), rest: rest / total };
}

/** Log of the Dirichlet-multinomial probability of the counts, less what does not depend on the strength. */
export function logMarginal(shares: Float64Array, counts: Float64Array, strength: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce(
    (sum, count, label) => {
      const prior = strength * shares[label]!;
      return sum + logGamma(count + prior) - logGamma(prior);
    },
    logGamma(strength) - logGamma(total + strength),
  );
}

/** Half of the sum of the differences: the share of tickets that would have to change their template. */
export function shareDistance(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, share, label) => sum + Math.abs(share - b[label]!), 0) / 2;
}
