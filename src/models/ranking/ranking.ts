/** From the logits of the candidates to what a ranker answers. */
import type { AbstentionRule } from './abstention.js';
import { softmax } from './softmax.js';
import type { AbstentionReason, Candidate, RankedTemplate, Ranking } from '../ranker.js';
import type { TextFacts } from '../ranker.js';

const mostItems = 100;
const mostUnweighted = 10;
/** A template that seems to be gone may come back. */
const leastWeight = 1e-6;

export interface Judged {
  candidates: readonly Candidate[];
  /** [candidates] */
  logits: Float64Array;
  embedding: Float32Array | null;
  facts: TextFacts;
  /** Where no encoder was used; else a text has words where it has an embedding. */
  hasWords?: boolean;
  /** The largest logit, of all that the model knows */
  familiarity: number;
  rule: AbstentionRule;
  contactType: (probabilities: Float64Array) => Ranking['contactType'];
}

export function rankingFrom(judged: Judged): Ranking {
  const { candidates, logits, embedding, facts, familiarity, rule, contactType } = judged;
  const hasWords = judged.hasWords ?? embedding !== null;
  if (candidates.length === 0) return notRanked('no-templates', embedding, facts);
  const isWeighted = candidates.some(({ weight = 1 }) => weight !== 1);
  const weighted = isWeighted ? softmax(withWeights(logits, candidates)) : null;
  const unweighted = softmax(logits);
  const probabilities = weighted ?? unweighted;
  const items = bestOf(candidates, probabilities, mostItems);
  const confidence = items[0]?.probability ?? 0;
  const reason = reasonOf(hasWords, familiarity, confidence, rule);
  return {
    items,
    setSize: Math.max(1, items.filter(({ probability }) => probability >= rule.leastInSet).length),
    contactType: reason === 'empty-text' ? null : contactType(probabilities),
    abstained: reason !== null,
    reason,
    embedding,
    ...facts,
    entropy: entropyOf(unweighted),
    ...(weighted && { unweighted: bestOf(candidates, unweighted, mostUnweighted) }),
  };
}

/** Bayes' rule where the classes have other shares than in training: each probability times its weight, scaled anew. */
function withWeights(logits: Float64Array, candidates: readonly Candidate[]): Float64Array {
  return logits.map((logit, index) => logit + Math.log(Math.max(candidates[index]?.weight ?? 1, leastWeight)));
}

export function bestOf(candidates: readonly Candidate[], probabilities: Float64Array, most: number): RankedTemplate[] {
  // Numbers alone are sorted much faster than places by their numbers.
  const least = Float64Array.from(probabilities).sort().at(-most) ?? -Infinity;
  const order = [...probabilities.keys()]
    .filter((place) => (probabilities[place] as number) >= least)
    .sort((a, b) => (probabilities[b] as number) - (probabilities[a] as number) || a - b);
  return order.slice(0, most).map((index) => ({
    templateId: candidates[index]?.templateId ?? '',
    probability: probabilities[index] as number,
  }));
}

/** Why nothing is to be shown; null where it may be. */
export function reasonOf(
  hasWords: boolean,
  familiarity: number,
  confidence: number,
  rule: AbstentionRule,
): AbstentionReason | null {
  if (!hasWords) return 'empty-text';
  if (familiarity < rule.leastFamiliarity) return 'out-of-scope';
  return confidence < rule.leastConfidence ? 'unsure' : null;
}

/** Nothing was ranked, for that reason. */
export function notRanked(reason: AbstentionReason, embedding: Float32Array | null, facts: TextFacts): Ranking {
  return { items: [], setSize: 0, contactType: null, abstained: true, reason, embedding, ...facts, entropy: null };
}

/** Shannon's, in nats */
export function entropyOf(probabilities: Float64Array): number {
  let sum = 0;
  for (const probability of probabilities) if (probability > 0) sum -= probability * Math.log(probability);
  return sum;
}

/** The most probable of the sums over candidates of one contact type; those that belong to several say nothing. */
export function likeliestType(
  types: readonly (string | null)[],
  probabilities: Float64Array,
): { value: string; probability: number } | null {
  const sums = new Map<string, number>();
  types.forEach((type, index) => {
    if (type !== null) sums.set(type, (sums.get(type) ?? 0) + (probabilities[index] as number));
  });
  let best: { value: string; probability: number } | null = null;
  for (const [value, probability] of sums) if (!best || probability > best.probability) best = { value, probability };
  return best && { ...best, probability: Math.min(1, best.probability) };
}
