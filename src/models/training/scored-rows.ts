/** Held-out rows as the combined heads see them: what thresholds are drawn on, and the figures of a training. */
import type { HeldOutRow } from '../ranking/abstention.js';
import { combined, type Evidence } from '../heads/combination.js';
import { softmax } from '../ranking/softmax.js';
import type { ModelDescription } from '../versions/model-folder.js';
import { toPercent } from '../../statistics/percent.js';

/** What the combination says of held-out rows, and how good that is. */
export function judge(
  { labels, classes, scores }: Evidence,
  weights: readonly number[],
): { rows: HeldOutRow[]; figures: ModelDescription['heldOut'] } {
  let [right, within3, loss] = [0, 0, 0];
  const rows = Array.from(labels, (label, row): HeldOutRow => {
    const logits = combined(weights, scores, row, classes);
    const familiarity = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const probabilities = softmax(logits);
    const confidence = probabilities.reduce((a, b) => Math.max(a, b), 0);
    if (label === -1) return { confidence, familiarity, rightProbability: null, right: false };
    const rightProbability = probabilities[label] ?? 0;
    const better = probabilities.reduce((count, other) => count + (other > rightProbability ? 1 : 0), 0);
    right += better === 0 ? 1 : 0;
    within3 += better < 3 ? 1 : 0;
    loss -= Math.log(Math.max(rightProbability, 1e-12));
    return { confidence, familiarity, rightProbability, right: better === 0 };
  });
  const tested = rows.filter(({ rightProbability }) => rightProbability !== null).length;
  const count = Math.max(1, tested);
  const figures = {
    rows: tested,
    top1: toPercent(right / count),
    hits3: toPercent(within3 / count),
    logLoss: loss / count,
  };
  return { rows, figures };
}
