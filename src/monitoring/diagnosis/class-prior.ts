/**
 * The class prior by the newest labels. An estimate without labels is right only under pure label shift; labels count the prior
 * whatever else has changed, within days. A Dirichlet prior on the training shares, whose strength maximises the likelihood, shrinks the
 * estimate from few labels; without enough evidence for a change there is no estimate.
 */
import { logMarginal, priorStrengths } from './label-shift.js';
import type { LabelledObservation, RecentLabel } from '../observations/observation.js';
import type { Trust } from '../labels/trust.js';

export interface ClassPriorShift {
  /** Per template of the model: its share now, divided by its share in training */
  weights: Record<string, number>;
  /** Shares in training, 0–1 */
  before: Record<string, number>;
  /** Total variation distance: share of the tickets that changed their template, 0–1 */
  distance: number;
  /** Likelihood ratio of a changed prior to an unchanged one */
  evidence: number;
}

/** Number of labels: more are from another time, fewer are chance. */
export const classPriorLabels = 300;
const minLabels = 50;
/** Likelihood ratio that justifies new class weights */
const minEvidence = 20;
/** Limits the weight of a template with few training tickets. */
const maxWeight = 8;
/** Gives templates without labels in the sample a share. */
const smoothing = 0.5;
/** Active weights are replaced when so large a share of the tickets would change their template. */
const minStep = 0.02;

/**
 * @param reference tickets that the model was trained on, or a sample of them
 * @param labels of the newest tickets
 * @param trust the prior where it is not measured: too low a value underestimates a change, but creates none
 * @returns null with too few labels or without evidence for a change
 */
export function estimateClassPrior(
  reference: readonly Pick<LabelledObservation, 'templateId'>[],
  labels: readonly RecentLabel[],
  trust: Trust,
): ClassPriorShift | null {
  const learned = countLabels(reference.map(({ templateId }) => ({ templateId, shownFirst: null })), 0); // prettier-ignore
  const names = [...learned.keys()].sort();
  const known = labels.filter(({ templateId }) => templateId !== null && learned.has(templateId));
  if (names.length < 2 || known.length < minLabels) return null;
  const total = names.reduce((sum, name) => sum + (learned.get(name) ?? 0) + smoothing, 0);
  const before = Float64Array.from(names, (name) => ((learned.get(name) ?? 0) + smoothing) / total);
  const credited = countLabels(known, trust.value);
  const counts = Float64Array.from(names, (name) => Math.max(0, credited.get(name) ?? 0));
  const likely = priorStrengths.map((strength) => ({ strength, log: logMarginal(before, counts, strength) }));
  const [unchanged] = likely;
  const best = likely.reduce((a, b) => (b.log > a.log ? b : a));
  const evidence = Math.exp(Math.min(100, best.log - (unchanged?.log ?? 0)));
  if (evidence < minEvidence) return null;
  const size = counts.reduce((sum, count) => sum + count, 0);
  const now = counts.map((count, at) => (count + best.strength * before[at]!) / (size + best.strength));
  const named = (of: (at: number) => number): Record<string, number> =>
    Object.fromEntries(names.map((name, at) => [name, of(at)]));
  return {
    weights: named((at) => Math.min(maxWeight, Math.max(1 / maxWeight, now[at]! / before[at]!))),
    before: named((at) => before[at]!),
    distance: now.reduce((sum, share, at) => sum + Math.abs(share - before[at]!), 0) / 2,
    evidence,
  };
}

/** Whether the active weights differ enough from these to be replaced. */
export function differsFromActiveWeights(
  { weights, before }: ClassPriorShift,
  inService: Readonly<Record<string, number>> | null,
): boolean {
  const step = Object.entries(before).reduce(
    (sum, [name, share]) => sum + share * Math.abs((weights[name] ?? 1) - (inService?.[name] ?? 1)),
    0,
  );
  return inService === null || step / 2 >= minStep;
}

/** Labels of each template, corrected for position bias: a template that was shown first loses what trust explains. */
function countLabels(labels: readonly RecentLabel[], trust: number): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (name: string, count: number): void => void counts.set(name, (counts.get(name) ?? 0) + count);
  for (const { templateId, shownFirst } of labels) {
    if (templateId === null) continue;
    const owed = shownFirst === null ? 0 : trust;
    add(templateId, 1 / (1 - owed));
    if (shownFirst !== null) add(shownFirst, -owed / (1 - owed));
  }
  return counts;
}
