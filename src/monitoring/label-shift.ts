/**
 * Label shift: the templates are asked for more or less often than in training, while tickets of one template read as before.
 * The new shares are estimated without labels by expectation maximisation on calibrated probabilities: Saerens, Latinne &
 * Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities", Neural Computation 2002. With many
 * classes and a small window that overfits; a Dirichlet prior on the reference's shares holds it back, as strong as makes the
 * window most likely.
 */
import type { RankedTemplate } from '../models/ranker.js';
import {
  Calibrator,
  expectedCounts,
  fitCalibration,
  probabilitiesOf,
  restShare,
  type Calibration,
  type ClassList,
  type ClassProbabilities,
} from './class-probabilities.js';
import type { LabelledObservation, Observation } from './observation.js';
import { logGamma } from './proportions.js';

/** What is known of the classes before a shift. */
export interface ShareReference extends ClassList {
  places: ReadonlyMap<string, number>;
  calibration: Calibration;
}

/** How a model in service is re-weighted: what each template's probability is multiplied by before all are scaled to sum to 1. */
export interface ShareRatios {
  ratios: Readonly<Record<string, number>>;
}

/** Added to each class's labels: one that the sample happens to lack is not impossible. */
const smoothing = 0.5;
const emRounds = 200;
const converged = 1e-5;
/** Tickets that the reference's shares are worth as evidence, from hardly any to more than a window has */
const priorStrengths = [1, 10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000];

/** @returns null where the reference has fewer than two templates with labels */
export function shareReference(reference: readonly LabelledObservation[]): ShareReference | null {
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
  const labelled = reference.flatMap(({ ranking, templateId }) => {
    const probabilities = probabilitiesOf(ranking, places);
    return probabilities && templateId !== null ? [{ probabilities, label: places.get(templateId) ?? 0 }] : [];
  });
  const calibration = fitCalibration(
    list,
    labelled.map(({ probabilities }) => probabilities),
    labelled.map(({ label }) => label),
  );
  return { ...list, places, calibration };
}

/** The window's calibrated probabilities; tickets without a ranking are left out. */
export function calibratedWindow(
  reference: ShareReference,
  window: readonly Pick<Observation, 'ranking'>[],
): ClassProbabilities[] {
  const calibrator = new Calibrator(reference, reference.calibration);
  return window.flatMap(({ ranking }) => {
    const probabilities = probabilitiesOf(ranking, reference.places);
    return probabilities ? [calibrator.calibrated(probabilities)] : [];
  });
}

/**
 * Shares of the classes among the window's tickets, [classes].
 *
 * @param window calibrated; no ticket gives the reference's shares
 */
export function estimateShares(reference: ClassList, window: readonly ClassProbabilities[]): Float64Array {
  let best = { likelihood: -Infinity, shares: reference.shares };
  for (const strength of priorStrengths) {
    const shares = expectationMaximisation(reference, window, strength);
    const likelihood = logMarginal(reference, posteriorCounts(reference, window, shares), strength);
    if (likelihood > best.likelihood) best = { likelihood, shares };
  }
  return best.shares;
}

/** The most likely shares under a Dirichlet prior worth `strength` tickets with the reference's shares. */
function expectationMaximisation(
  reference: ClassList,
  window: readonly ClassProbabilities[],
  strength: number,
): Float64Array {
  let shares = reference.shares;
  for (let round = 0; round < emRounds; round += 1) {
    const counts = posteriorCounts(reference, window, shares);
    const next = counts.map((count, label) => count + strength * (reference.shares[label] as number));
    const total = next.reduce((sum, count) => sum + count, 0);
    next.forEach((count, label) => (next[label] = count / total));
    const change = next.reduce((sum, share, label) => sum + Math.abs(share - (shares[label] as number)), 0);
    shares = next;
    if (change < converged) break;
  }
  return shares;
}

/** Tickets of each class that the window holds where the classes have these shares, [classes]; sums to the window's tickets. */
function posteriorCounts(
  reference: ClassList,
  window: readonly ClassProbabilities[],
  shares: Float64Array,
): Float64Array {
  return expectedCounts(
    { names: reference.names, shares },
    window.map((ticket) => reweightedTicket(reference, ticket, shares)),
  );
}

/** One ticket's probabilities where the classes have other shares than in the reference. */
export function reweightedTicket(
  { shares: before }: ClassList,
  ticket: ClassProbabilities,
  shares: Float64Array,
): ClassProbabilities {
  const values = ticket.values.map((value, at) => {
    const label = ticket.classes[at] as number;
    return (value * (shares[label] as number)) / (before[label] as number);
  });
  // What lies on the others is spread in proportion to their shares, before and after.
  const rest = (ticket.rest * restShare(shares, ticket)) / restShare(before, ticket);
  const total = values.reduce((sum, value) => sum + value, rest);
  return { classes: ticket.classes, values: values.map((value) => value / total), rest: rest / total };
}

/** Log of the Dirichlet-multinomial probability of the counts, less what does not depend on the strength. */
function logMarginal({ shares }: ClassList, counts: Float64Array, strength: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce(
    (sum, count, label) => {
      const prior = strength * (shares[label] as number);
      return sum + logGamma(count + prior) - logGamma(prior);
    },
    logGamma(strength) - logGamma(total + strength),
  );
}

/** Half of the sum of the differences: the share of tickets that would have to change their template. */
export function shareDistance(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, share, label) => sum + Math.abs(share - (b[label] as number)), 0) / 2;
}

/** What the service is told to re-weight by, where the classes have these shares now. */
export function ratiosOf(reference: ClassList, shares: Float64Array): ShareRatios {
  const entries = reference.names.map((name, label): [string, number] => [
    name,
    (shares[label] as number) / (reference.shares[label] as number),
  ]);
  return { ratios: Object.fromEntries(entries) };
}

/**
 * The ranking where the templates' shares have changed, most probable first. Templates that the ratios do not name keep
 * their probability; what lies on templates that are not in the ranking stays on them.
 */
export function reweighted(ranking: readonly RankedTemplate[], { ratios }: ShareRatios): RankedTemplate[] {
  const rest = Math.max(
    ranking.reduce((left, { probability }) => left - probability, 1),
    0,
  );
  const raised = ranking.map(({ templateId, probability }) => ({
    templateId,
    probability: probability * (ratios[templateId] ?? 1),
  }));
  const total = raised.reduce((sum, { probability }) => sum + probability, rest);
  if (total === 0) return [...ranking];
  return raised
    .map(({ templateId, probability }) => ({ templateId, probability: probability / total }))
    .sort((a, b) => b.probability - a.probability);
}
