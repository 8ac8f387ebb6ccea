/** From the logits of the candidates to what a ranker answers. */
import type { AbstentionRule } from './abstention.js';
import { softmax } from './combination.js';
import type { AbstentionReason, Candidate, RankedTemplate, Ranking } from './ranker.js';

const mostItems = 100;
const mostUnweighted = 10;
/** A template that seems to be gone may come back. */
const leastWeight = 1e-6;

export interface Judged {
  candidates: readonly Candidate[];
  /** [candidates] */
  logits: Float64Array;
  embedding: Float32Array | null;
  /** Where no encoder was used; else a text has words where it has an embedding. */
  hasWords?: boolean;
  /** The largest logit, of all that the model knows */
  familiarity: number;
  rule: AbstentionRule;
  contactType: (probabilities: Float64Array) => Ranking['contactType'];
}

export function rankingFrom(judged: Judged): Ranking {
  const { candidates, logits, embedding, familiarity, rule, contactType } = judged;
  const hasWords = judged.hasWords ?? embedding !== null;
  if (candidates.length === 0) return abstained('no-templates', embedding);
  const weighted = candidates.some(({ weight = 1 }) => weight !== 1);
  const probabilities = softmax(weighted ? withWeights(logits, candidates) : logits);
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
    ...(weighted && { unweighted: bestOf(candidates, softmax(logits), mostUnweighted) }),
  };
}

/** Bayes' rule where the classes have other shares than in training: each probability times its weight, scaled anew. */
function withWeights(logits: Float64Array, candidates: readonly Candidate[]): Float64Array {
  return logits.map((logit, index) => logit + Math.log(Math.max(candidates[index]?.weight ?? 1, leastWeight)));
}

function bestOf(candidates: readonly Candidate[], probabilities: Float64Array, most: number): RankedTemplate[] {
  const order = [...probabilities.keys()].sort(
    (a, b) => (probabilities[b] as number) - (probabilities[a] as number) || a - b,
  );
  return order.slice(0, most).map((index) => ({
    templateId: candidates[index]?.templateId ?? '',
    probability: probabilities[index] as number,
  }));
}

function reasonOf(
  hasWords: boolean,
  familiarity: number,
  confidence: number,
  rule: AbstentionRule,
): AbstentionReason | null {
  if (!hasWords) return 'empty-text';
  if (familiarity < rule.leastFamiliarity) return 'out-of-scope';
  return confidence < rule.leastConfidence ? 'unsure' : null;
}

function abstained(reason: AbstentionReason, embedding: Float32Array | null): Ranking {
  return { items: [], setSize: 0, contactType: null, abstained: true, reason, embedding };
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
