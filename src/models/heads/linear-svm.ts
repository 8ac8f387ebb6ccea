/**
 * One-vs-rest linear support vector machines on sparse rows.
 *
 * Own code: TensorFlow.js has no sparse products and no dual methods, and `libsvm-js` takes dense rows only: 10,003 tickets of
 * Banking77 with 30,000 n-grams are 2.4 GB. Here they take 6.7 s of one core for 77 classes. The weights equal scikit-learn's
 * LinearSVC to 2e-5 (`test/models/heads/linear-svm.test.ts`). Dual coordinate descent for the squared hinge, with shrinking: Hsieh, Chang, Lin, Keerthi &
 * Sundararajan, "A dual coordinate descent method for large-scale linear SVM", ICML 2008, algorithm 3.
 */
import { seeded, shuffle } from '../../statistics/random.js';
import type { SparseMatrix, SparseRow } from '../features/sparse-matrix.js';

/** Scores are weights · row + bias. */
export interface LinearHead {
  /** [features, classes] */
  weights: Float32Array;
  /** [classes] */
  bias: Float32Array;
  classes: number;
}

export interface SvmOptions {
  /** Cost of an error against a small norm of the weights */
  cost: number;
  seed: number;
  /** Stops when the projected gradients span less than this; default 0.05 */
  tolerance?: number;
  maxPasses?: number;
  /** Rows of other classes per class; default: all, or as many as `maxProducts` allows */
  maxNegatives?: number;
}

/** Above this many rows × classes the negatives of each class are sampled: all of them would take hours. */
const maxProducts = 60_000_000;
const minRowsPerClass = 20_000;

/**
 * @param labels class of each row, -1 for none; only rows in `rows` are used
 * @param onClass called after each class with the share of classes done
 */
export async function trainLinearSvm(
  matrix: SparseMatrix,
  labels: Int32Array,
  rows: Int32Array,
  classes: number,
  options: SvmOptions,
  onClass: (share: number) => void | Promise<void> = () => undefined,
): Promise<LinearHead> {
  const head = { weights: new Float32Array(matrix.width * classes), bias: new Float32Array(classes), classes };
  const problem = new OneVsRest(matrix, rows, options);
  const maxNegatives = options.maxNegatives ?? Math.max(minRowsPerClass, Math.floor(maxProducts / classes));
  const rowsOfClass =
    rows.length > maxNegatives ? sampleNegatives(labels, rows, classes, { maxNegatives, seed: options.seed }) : null;
  for (let label = 0; label < classes; label += 1) {
    const own = rowsOfClass ? new OneVsRest(matrix, rowsOfClass(label), options) : problem;
    const { weights, bias } = own.solve((row) => labels[row] === label, options.seed + label);
    for (let feature = 0; feature < matrix.width; feature += 1) {
      const weight = weights[feature] ?? 0;
      if (weight !== 0) head.weights[feature * classes + label] = weight;
    }
    head.bias[label] = bias;
    await onClass((label + 1) / classes);
  }
  return head;
}

/** @returns the training rows of a class: all of its own, and a sample of the others, the same sample for all classes */
function sampleNegatives(
  labels: Int32Array,
  rows: Int32Array,
  classes: number,
  { maxNegatives, seed }: { maxNegatives: number; seed: number },
): (label: number) => Int32Array {
  const ofClass = Array.from({ length: classes }, (): number[] => []);
  for (const row of rows) ofClass[labels[row] ?? -1]?.push(row);
  const order = Int32Array.from(rows);
  shuffle(order, order.length, seeded(seed));
  const others = order.subarray(0, maxNegatives);
  return (label) => {
    const own = ofClass[label] ?? [];
    return Int32Array.from([...own, ...others.filter((row) => labels[row] !== label)]);
  };
}

/** @returns a score per class, [classes] */
export function scoreRow(head: LinearHead, row: SparseRow): Float32Array {
  const { weights, classes } = head;
  const scores = Float32Array.from(head.bias);
  for (let at = 0; at < row.columns.length; at += 1) {
    const value = row.values[at] ?? 0;
    const base = (row.columns[at] ?? 0) * classes;
    for (let label = 0; label < classes; label += 1)
      scores[label] = (scores[label] ?? 0) + value * (weights[base + label] ?? 0);
  }
  return scores;
}

class OneVsRest {
  private readonly weights: Float64Array;
  private readonly alpha: Float64Array;
  private readonly active: Int32Array;
  private readonly curvature: Float64Array;
  private readonly slack: number;
  private bias = 0;

  constructor(
    private readonly matrix: SparseMatrix,
    private readonly rows: Int32Array,
    private readonly options: SvmOptions,
  ) {
    this.weights = new Float64Array(matrix.width);
    this.alpha = new Float64Array(rows.length);
    this.active = new Int32Array(rows.length);
    this.slack = 0.5 / options.cost;
    this.curvature = Float64Array.from(rows, (row) => {
      // The bias is the weight of a feature that is always 1.
      let squares = 1 + this.slack;
      for (let at = matrix.start[row] ?? 0; at < (matrix.start[row + 1] ?? 0); at += 1) {
        squares += (matrix.values[at] ?? 0) ** 2;
      }
      return squares;
    });
  }

  solve(isPositive: (row: number) => boolean, seed: number): { weights: Float64Array; bias: number } {
    const { matrix, rows, weights, alpha, active, curvature, slack } = this;
    const { start, columns, values } = matrix;
    const { tolerance = 0.05, maxPasses = 100 } = this.options;
    const random = seeded(seed);
    const sign = Int8Array.from(rows, (row) => (isPositive(row) ? 1 : -1));
    weights.fill(0);
    alpha.fill(0);
    this.bias = 0;
    let count = rows.length;
    for (let index = 0; index < count; index += 1) active[index] = index;
    let shrinkAbove = Infinity;
    for (let pass = 0; pass < maxPasses; pass += 1) {
      let highest = -Infinity;
      let lowest = Infinity;
      shuffle(active, count, random);
      for (let position = 0; position < count; position += 1) {
        const index = active[position]!;
        const row = rows[index]!;
        const first = start[row]!;
        const end = start[row + 1]!;
        const direction = sign[index]!;
        const before = alpha[index]!;
        let product = this.bias;
        for (let at = first; at < end; at += 1) product += weights[columns[at]!]! * values[at]!;
        const gradient = direction * product - 1 + slack * before;
        let projected = gradient;
        if (before === 0) {
          if (gradient > shrinkAbove) {
            count -= 1;
            active[position] = active[count]!;
            active[count] = index;
            position -= 1;
            continue;
          }
          if (gradient > 0) projected = 0;
        }
        highest = Math.max(highest, projected);
        lowest = Math.min(lowest, projected);
        if (Math.abs(projected) < 1e-12) continue;
        const after = Math.max(before - gradient / curvature[index]!, 0);
        alpha[index] = after;
        const step = direction * (after - before);
        for (let at = first; at < end; at += 1) {
          const column = columns[at]!;
          weights[column] = weights[column]! + step * values[at]!;
        }
        this.bias += step;
      }
      if (highest - lowest <= tolerance) {
        if (count === rows.length) break;
        // The active rows have converged: check all rows once more.
        count = rows.length;
        shrinkAbove = Infinity;
        continue;
      }
      shrinkAbove = highest > 0 ? highest : Infinity;
    }
    return { weights, bias: this.bias };
  }
}
