/**
 * How the scores of several heads become one calibrated probability per template. Fitted on held-out scores only: each
 * row's scores come from heads that had not seen it (cross-fitting).
 */
import { minimise } from '../../statistics/lbfgs.js';
import { softmax } from '../ranking/softmax.js';

/** Scores of one kind for the held-out rows, [rows, classes]. */
export type Scores = Float32Array;

/** Weights of the kinds of scores; their softmax is the probability. The scale of the weights is the temperature. */
export interface Combination {
  weights: number[];
  /** Score of a template that no label has taught: scale · cosine of ticket and template text + offset. */
  unseen: { scale: number; offset: number };
}

export interface Evidence {
  /** Right class of each row; -1 where no template fits. */
  labels: Int32Array;
  classes: number;
  scores: Scores[];
}

/** With nothing to learn it from: a ticket and its reply are about this alike. */
const usualCosine = 0.6;
const usualScale = 15;
const groupsOfClasses = 8;
/** Of ½ ‖weights‖², beside the sum of all losses: of few tickets that are all told apart, no weights would be large enough. */
const held = 0.01;

/** @returns logits of one row, [classes] */
export function combined(
  weights: readonly number[],
  scores: readonly Scores[],
  row: number,
  classes: number,
): Float64Array {
  const logits = new Float64Array(classes);
  scores.forEach((kind, index) => {
    const weight = weights[index] ?? 0;
    for (let label = 0; label < classes; label += 1) {
      logits[label] = (logits[label] as number) + weight * (kind[row * classes + label] as number);
    }
  });
  return logits;
}

/**
 * The weights under which what was right was most likely: the mean log-loss at its least. A kind that would count against
 * what it says has nothing to say beside the others: it weighs 0.
 */
export async function fitWeights({ labels, classes, scores }: Evidence): Promise<number[]> {
  const kept = [...scores.keys()];
  for (;;) {
    const some = kept.map((kind) => scores[kind] ?? new Float32Array());
    const weights = await leastLoss({ labels, classes, scores: some });
    const least = weights.indexOf(Math.min(...weights));
    if (kept.length === 1 || (weights[least] ?? 0) >= 0) {
      return scores.map((_, kind) => weights[kept.indexOf(kind)] ?? 0);
    }
    kept.splice(least, 1);
  }
}

async function leastLoss({ labels, classes, scores }: Evidence): Promise<number[]> {
  const rows = [...labels.keys()].filter((row) => (labels[row] ?? -1) >= 0);
  const weights = Float64Array.from(scores, () => 1);
  if (rows.length === 0) return [...weights];
  await minimise(
    (point, gradient) => {
      gradient.fill(0);
      let loss = 0;
      for (const row of rows) {
        const right = labels[row] as number;
        const probabilities = softmax(combined([...point], scores, row, classes));
        loss -= Math.log(Math.max(probabilities[right] as number, 1e-12));
        scores.forEach((kind, index) => {
          let expected = 0;
          for (let label = 0; label < classes; label += 1) {
            expected += (probabilities[label] as number) * (kind[row * classes + label] as number);
          }
          gradient[index] = (gradient[index] as number) + expected - (kind[row * classes + right] as number);
        });
      }
      for (let index = 0; index < gradient.length; index += 1) {
        const weight = point[index] as number;
        loss += 0.5 * held * weight * weight;
        gradient[index] = ((gradient[index] as number) + held * weight) / rows.length;
      }
      return loss / rows.length;
    },
    weights,
    { mostSteps: 50, tolerance: 1e-7 },
  );
  return [...weights];
}

/**
 * Scores of templates that have no labels yet, learned by pretending that classes had none: an eighth of them at a time.
 *
 * @param cosines of ticket and template text, [rows, classes]
 */
export async function fitUnseen(
  { labels, classes, scores }: Evidence,
  weights: readonly number[],
  cosines: Scores,
): Promise<Combination['unseen']> {
  const rows = [...labels.keys()].filter((row) => (labels[row] ?? -1) >= 0);
  const logits = rows.map((row) => combined(weights, scores, row, classes));
  const rightLogits = rows.map((row, index) => logits[index]?.[labels[row] ?? 0] ?? 0).sort((a, b) => a - b);
  const usual = rightLogits[Math.floor(rightLogits.length / 2)] ?? 0;
  const start = { scale: usualScale, offset: usual - usualScale * usualCosine };
  if (rows.length === 0) return start;
  const point = Float64Array.from([start.scale, start.offset]);
  await minimise(
    (at, gradient) => {
      gradient.fill(0);
      let loss = 0;
      const [scale = 0, offset = 0] = at;
      /** Adds a row's part, with the classes of one group taken for unlabelled. */
      const add = (row: number, logitsOfRow: Float64Array, group: number, share: number): void => {
        const right = labels[row] as number;
        const changed = Float64Array.from(logitsOfRow);
        for (let label = group; label < classes; label += groupsOfClasses) {
          changed[label] = scale * (cosines[row * classes + label] as number) + offset;
        }
        const probabilities = softmax(changed);
        loss -= share * Math.log(Math.max(probabilities[right] as number, 1e-12));
        for (let label = group; label < classes; label += groupsOfClasses) {
          const error = share * ((probabilities[label] as number) - (label === right ? 1 : 0));
          gradient[0] = (gradient[0] as number) + error * (cosines[row * classes + label] as number);
          gradient[1] = (gradient[1] as number) + error;
        }
      };
      rows.forEach((row, index) => {
        const own = (labels[row] as number) % groupsOfClasses;
        const other = (own + 1 + (row % (groupsOfClasses - 1))) % groupsOfClasses;
        const logitsOfRow = logits[index] ?? new Float64Array(classes);
        // Most tickets are not about a new template: it must not push itself before those that are known to be right.
        add(row, logitsOfRow, own, 1 / groupsOfClasses);
        add(row, logitsOfRow, other, 1 - 1 / groupsOfClasses);
      });
      gradient[0] = (gradient[0] as number) / rows.length;
      gradient[1] = (gradient[1] as number) / rows.length;
      return loss / rows.length;
    },
    point,
    { mostSteps: 50, tolerance: 1e-6 },
  );
  return { scale: point[0] ?? start.scale, offset: point[1] ?? start.offset };
}
