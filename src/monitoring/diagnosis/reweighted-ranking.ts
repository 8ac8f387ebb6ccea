/** Rankings where the templates' shares have changed: Saerens, Latinne & Decaestecker 2002, equation 2.4. */
import type { RankedTemplate } from '../../models/ranker.js';
import type { ClassList } from './class-probabilities.js';

/** How a model in service is re-weighted: what each template's probability is multiplied by before all are scaled to sum to 1. */
export interface ShareRatios {
  ratios: Readonly<Record<string, number>>;
}

/** What the service is told to re-weight by, where the classes have these shares now. */
export function shareRatios(reference: ClassList, shares: Float64Array): ShareRatios {
  const entries = reference.names.map((name, label): [string, number] => [
    name,
    shares[label]! / reference.shares[label]!,
  ]);
  return { ratios: Object.fromEntries(entries) };
}

/**
 * The ranking where the templates' shares have changed, most probable first. Templates that the ratios do not name keep
 * their probability; what lies on templates that are not in the ranking stays on them.
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
