/** Rankings where the templates' shares have changed: Saerens, Latinne & Decaestecker 2002, equation 2.4. */
import type { RankedTemplate } from '../../models/ranker.js';
import type { ClassList } from './class-probabilities.js';

/** Class weights: factor of each template's probability before normalisation. */
export interface ShareRatios {
  ratios: Readonly<Record<string, number>>;
}

/** The class weights for these shares. */
export function shareRatios(reference: ClassList, shares: Float64Array): ShareRatios {
  const entries = reference.names.map((name, label): [string, number] => [
    name,
    shares[label]! / reference.shares[label]!,
  ]);
  return { ratios: Object.fromEntries(entries) };
}

/**
 * The ranking where the templates' shares have changed, most probable first. Templates without a ratio keep their
 * probability, and so do templates that are not in the ranking.
 */
export function reweightRanking(ranking: readonly RankedTemplate[], { ratios }: ShareRatios): RankedTemplate[] {
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
