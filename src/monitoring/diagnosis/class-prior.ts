/**
 * The mix of questions as the newest labels have it. Shares that are told without labels are right only where nothing but the mix has
 * changed; agents' choices count it whatever else has, from the first days on. A Dirichlet prior on the shares of training, as strong
 * as makes the labels most likely, holds few labels back; where that is no more likely than no change at all, none is told.
 */
import { logMarginal, priorStrengths } from './label-shift.js';
import type { LabelledObservation, RecentLabel } from '../observations/observation.js';
import type { Trust } from '../labels/trust.js';

export interface ClassPriorShift {
  /** By template that the model knows: its share now, divided by its share in training */
  weights: Record<string, number>;
  /** Shares in training, 0–1 */
  before: Record<string, number>;
  /** Share of the tickets that have changed their template, 0–1 */
  distance: number;
  /** How many times as likely the labels are by a mix that has changed */
  evidence: number;
}

/** A longer window is of another time, a shorter one is chance. */
export const classPriorLabels = 300;
const minLabels = 50;
/** Evidence for a change that is worth acting on without another look */
const minEvidence = 20;
/** A template that has hardly been learned is not known well enough to be put first by its share alone. */
const maxWeight = 8;
/** Below that, a template of the sample would have a share of nothing. */
const smoothing = 0.5;
/** Other weights than those in service bring nothing before so many tickets would have changed their template. */
const minStep = 0.02;

/**
 * @param reference tickets that the model has learned from, or a sample of them
 * @param labels of the newest tickets
 * @param trust a guess where nothing measures it: too low a one leaves part of the change untold, and makes none
 * @returns null where labels are few or say nothing of a change
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

/** Whether weights in service are so far from those that labels ask for that they should be replaced. */
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

/** Labels of each template; a choice less what it owes to having stood first. Of templates without any, what is owed alone. */
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
