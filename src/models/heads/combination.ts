/**
 * Combines the scores of several heads into one calibrated probability per template (stacking, Wolpert 1992). Invariant: it is
 * fitted on out-of-fold scores only; each row's scores come from heads that were not trained on it.
 */
import { minimise } from '../../statistics/lbfgs.js';
import { softmax } from '../ranking/softmax.js';

/** Scores of one kind, [rows, classes] */
export type Scores = Float32Array;

/** The softmax of the weighted sum is the probability; the scale of the weights is the temperature. */
export interface Combination {
  weights: number[];
  /** Logit of a template without labels: scale · cosine of ticket and template text + offset */
  zeroShot: { scale: number; offset: number };
}

export interface LabelledScores {
  /** Class of each row; -1 where no template fits */
  labels: Int32Array;
  classes: number;
  scores: Scores[];
}

/** Typical cosine of a ticket and its reply: the start of the fit, and the answer where there is nothing to fit it on */
const priorCosine = 0.6;
const priorScale = 15;
const classGroups = 8;
/** Penalty l2 · ½ ‖weights‖² beside the summed loss: separable tickets would let the weights grow without bound. */
const l2 = 0.01;

/** @returns logits of one row, [classes] */
export function combineScores(
  weights: readonly number[],
  scores: readonly Scores[],
  row: number,
  classes: number,
): Float64Array {
  const logits = new Float64Array(classes);
  scores.forEach((kind, index) => {
    const weight = weights[index] ?? 0;
    for (let label = 0; label < classes; label += 1) {
      logits[label] = logits[label]! + weight * kind[row * classes + label]!;
    }
  });
  return logits;
}

/** Weights that minimise the mean log-loss. A kind whose weight would be negative is dropped: it adds nothing to the others. */
export async function fitWeights({ labels, classes, scores }: LabelledScores): Promise<number[]> {
  const kept = [...scores.keys()];
  for (;;) {
    const some = kept.map((kind) => scores[kind] ?? new Float32Array());
    const weights = await minimiseLogLoss({ labels, classes, scores: some });
    const least = weights.indexOf(Math.min(...weights));
    if (kept.length === 1 || (weights[least] ?? 0) >= 0) {
      return scores.map((_, kind) => weights[kept.indexOf(kind)] ?? 0);
    }
    kept.splice(least, 1);
  }
}

async function minimiseLogLoss({ labels, classes, scores }: LabelledScores): Promise<number[]> {
  const rows = [...labels.keys()].filter((row) => (labels[row] ?? -1) >= 0);
  const weights = Float64Array.from(scores, () => 1);
  if (rows.length === 0) return [...weights];
  await minimise(
    (point, gradient) => {
      gradient.fill(0);
      let loss = 0;
      for (const row of rows) {
        const right = labels[row]!;
        const probabilities = softmax(combineScores([...point], scores, row, classes));
        loss -= Math.log(Math.max(probabilities[right]!, 1e-12));
        scores.forEach((kind, index) => {
          let expected = 0;
          for (let label = 0; label < classes; label += 1) {
            expected += probabilities[label]! * kind[row * classes + label]!;
          }
          gradient[index] = gradient[index]! + expected - kind[row * classes + right]!;
        });
      }
      for (let index = 0; index < gradient.length; index += 1) {
        const weight = point[index]!;
        loss += 0.5 * l2 * weight * weight;
        gradient[index] = (gradient[index]! + l2 * weight) / rows.length;
      }
      return loss / rows.length;
    },
    weights,
    { maxSteps: 50, tolerance: 1e-7 },
  );
  return [...weights];
}

/**
 * Fits the zero-shot logit of templates without labels, by treating an eighth of the classes at a time as unlabelled.
 *
 * @param cosines of ticket and template text, [rows, classes]
 */
export async function fitZeroShot(
  { labels, classes, scores }: LabelledScores,
  weights: readonly number[],
  cosines: Scores,
): Promise<Combination['zeroShot']> {
  const rows = [...labels.keys()].filter((row) => (labels[row] ?? -1) >= 0);
  const logits = rows.map((row) => combineScores(weights, scores, row, classes));
  const rightLogits = rows.map((row, index) => logits[index]?.[labels[row] ?? 0] ?? 0).sort((a, b) => a - b);
  const median = rightLogits[Math.floor(rightLogits.length / 2)] ?? 0;
  const start = { scale: priorScale, offset: median - priorScale * priorCosine };
  if (rows.length === 0) return start;
  const point = Float64Array.from([start.scale, start.offset]);
  await minimise(
    (at, gradient) => {
      gradient.fill(0);
      let loss = 0;
      const [scale = 0, offset = 0] = at;
      /** Adds the loss of a row, with one group of classes treated as unlabelled. */
      const add = (row: number, logitsOfRow: Float64Array, group: number, share: number): void => {
        const right = labels[row]!;
        const changed = Float64Array.from(logitsOfRow);
        for (let label = group; label < classes; label += classGroups) {
          changed[label] = scale * cosines[row * classes + label]! + offset;
        }
        const probabilities = softmax(changed);
        loss -= share * Math.log(Math.max(probabilities[right]!, 1e-12));
        for (let label = group; label < classes; label += classGroups) {
          const error = share * (probabilities[label]! - (label === right ? 1 : 0));
          gradient[0] = gradient[0]! + error * cosines[row * classes + label]!;
          gradient[1] = gradient[1]! + error;
        }
      };
      rows.forEach((row, index) => {
        const own = labels[row]! % classGroups;
        const other = (own + 1 + (row % (classGroups - 1))) % classGroups;
        const logitsOfRow = logits[index] ?? new Float64Array(classes);
        // Most tickets are not about a new template: it must not outrank the right one.
        add(row, logitsOfRow, own, 1 / classGroups);
        add(row, logitsOfRow, other, 1 - 1 / classGroups);
      });
      gradient[0] = gradient[0]! / rows.length;
      gradient[1] = gradient[1]! / rows.length;
      return loss / rows.length;
    },
    point,
    { maxSteps: 50, tolerance: 1e-6 },
  );
  return { scale: point[0] ?? start.scale, offset: point[1] ?? start.offset };
}
