/** Builds a ranking from the logits of the candidates. */
import type { AbstentionRule } from './abstention.js';
import { softmax } from './softmax.js';
import type { AbstentionReason, Candidate, RankedTemplate, Ranking } from '../ranker.js';
import type { TextFacts } from '../ranker.js';

const maxItems = 100;
const maxUnweighted = 10;
/** Lower bound of a weight: a template that seems to be gone may come back. */
const minWeight = 1e-6;

export interface ScoredTicket {
  candidates: readonly Candidate[];
  /** [candidates] */
  logits: Float64Array;
  embedding: Float32Array | null;
  facts: TextFacts;
  /** Default: whether there is an embedding */
  hasWords?: boolean;
  /** Largest logit of all classes of the model, candidates or not */
  maxLogit: number;
  rule: AbstentionRule;
  contactType: (probabilities: Float64Array) => Ranking['contactType'];
}

export function buildRanking(ticket: ScoredTicket): Ranking {
  const { candidates, logits, embedding, facts, maxLogit, rule, contactType } = ticket;
  const hasWords = ticket.hasWords ?? embedding !== null;
  if (candidates.length === 0) return emptyRanking('no-templates', embedding, facts);
  const isWeighted = candidates.some(({ weight = 1 }) => weight !== 1);
  const weighted = isWeighted ? softmax(applyClassWeights(logits, candidates)) : null;
  const unweighted = softmax(logits);
  const probabilities = weighted ?? unweighted;
  const items = topCandidates(candidates, probabilities, maxItems);
  const confidence = items[0]?.probability ?? 0;
  const reason = abstentionReason(hasWords, maxLogit, confidence, rule);
  return {
    items,
    setSize: Math.max(1, items.filter(({ probability }) => probability >= rule.conformalThreshold).length),
    contactType: reason === 'empty-text' ? null : contactType(probabilities),
    abstained: reason !== null,
    reason,
    embedding,
    ...facts,
    entropy: shannonEntropy(unweighted),
    ...(weighted && { unweighted: topCandidates(candidates, unweighted, maxUnweighted) }),
  };
}

/** Prior correction under label shift (Saerens et al. 2002): each probability times its weight, normalised again. */
function applyClassWeights(logits: Float64Array, candidates: readonly Candidate[]): Float64Array {
  return logits.map((logit, index) => logit + Math.log(Math.max(candidates[index]?.weight ?? 1, minWeight)));
}

export function topCandidates(
  candidates: readonly Candidate[],
  probabilities: Float64Array,
  limit: number,
): RankedTemplate[] {
  // Sorting plain numbers is much faster than sorting indices by them.
  const lowest = Float64Array.from(probabilities).sort().at(-limit) ?? -Infinity;
  const order = [...probabilities.keys()]
    .filter((place) => probabilities[place]! >= lowest)
    .sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  return order.slice(0, limit).map((index) => ({
    templateId: candidates[index]?.templateId ?? '',
    probability: probabilities[index]!,
  }));
}

/** @returns null where the ranking can be shown */
export function abstentionReason(
  hasWords: boolean,
  maxLogit: number,
  confidence: number,
  rule: AbstentionRule,
): AbstentionReason | null {
  if (!hasWords) return 'empty-text';
  if (maxLogit < rule.outOfScopeThreshold) return 'out-of-scope';
  return confidence < rule.confidenceThreshold ? 'unsure' : null;
}

/** A ranking without items. */
export function emptyRanking(reason: AbstentionReason, embedding: Float32Array | null, facts: TextFacts): Ranking {
  return { items: [], setSize: 0, contactType: null, abstained: true, reason, embedding, ...facts, entropy: null };
}

/** In nats */
export function shannonEntropy(probabilities: Float64Array): number {
  let sum = 0;
  for (const probability of probabilities) if (probability > 0) sum -= probability * Math.log(probability);
  return sum;
}

/** The contact type with the largest summed probability; candidates with several contact types do not count. */
export function predictContactType(
  types: readonly (string | null)[],
  probabilities: Float64Array,
): { value: string; probability: number } | null {
  const sums = new Map<string, number>();
  types.forEach((type, index) => {
    if (type !== null) sums.set(type, (sums.get(type) ?? 0) + probabilities[index]!);
  });
  let best: { value: string; probability: number } | null = null;
  for (const [value, probability] of sums) if (!best || probability > best.probability) best = { value, probability };
  return best && { ...best, probability: Math.min(1, best.probability) };
}
