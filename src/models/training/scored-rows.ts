/** Scores rows with the combined heads: the input of the thresholds, and the figures of a training. */
import type { HeldOutRow } from '../ranking/abstention.js';
import { combineScores, type LabelledScores } from '../heads/combination.js';
import { softmax } from '../ranking/softmax.js';
import type { ModelDescription } from '../versions/model-folder.js';
import { toPercent } from '../../statistics/percent.js';

export function scoreRows(
  { labels, classes, scores }: LabelledScores,
  weights: readonly number[],
): { rows: HeldOutRow[]; figures: ModelDescription['heldOut'] } {
  let [right, within3, loss] = [0, 0, 0];
  const rows = Array.from(labels, (label, row): HeldOutRow => {
    const logits = combineScores(weights, scores, row, classes);
    const maxLogit = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const probabilities = softmax(logits);
    const confidence = probabilities.reduce((a, b) => Math.max(a, b), 0);
    if (label === -1) return { confidence, maxLogit, rightProbability: null, right: false };
    const rightProbability = probabilities[label] ?? 0;
    const better = probabilities.reduce((count, other) => count + (other > rightProbability ? 1 : 0), 0);
    right += better === 0 ? 1 : 0;
    within3 += better < 3 ? 1 : 0;
    loss -= Math.log(Math.max(rightProbability, 1e-12));
    return { confidence, maxLogit, rightProbability, right: better === 0 };
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
