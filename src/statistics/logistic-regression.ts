/** Logistic regression of few features by Newton's method, with a ridge (le Cessie & van Houwelingen 1992). */

export interface LogisticModel {
  /** Of each feature, the intercept last */
  weights: Float64Array;
  means: Float64Array;
  scales: Float64Array;
}

export interface LogisticRows {
  /** One row of features a ticket */
  rows: readonly ArrayLike<number>[];
  /** 0–1 */
  targets: ArrayLike<number>;
  weights?: ArrayLike<number> | undefined;
}

const newtonSteps = 25;

/** @param ridge penalty on the weights of the standardised features, in tickets */
export function fitLogistic({ rows, targets, weights }: LogisticRows, ridge = 1): LogisticModel {
  const width = rows[0]?.length ?? 0;
  const { means, scales } = standards(rows, width);
  const model: LogisticModel = { weights: new Float64Array(width + 1), means, scales };
  const standardised = rows.map((row) => standardise(model, row));
  for (let step = 0; step < newtonSteps; step += 1) {
    const gradient = new Float64Array(width + 1);
    const hessian = Array.from({ length: width + 1 }, () => new Float64Array(width + 1));
    standardised.forEach((row, index) => {
      const weight = weights?.[index] ?? 1;
      const probability = sigmoid(dot(row, model.weights));
      const error = weight * (targets[index]! - probability);
      const curvature = weight * Math.max(probability * (1 - probability), 1e-9);
      for (let a = 0; a <= width; a += 1) {
        gradient[a] = gradient[a]! + error * row[a]!;
        const line = hessian[a] as Float64Array;
        for (let b = 0; b <= a; b += 1) line[b] = line[b]! + curvature * row[a]! * row[b]!;
      }
    });
    for (let a = 0; a < width; a += 1) {
      gradient[a] = gradient[a]! - ridge * model.weights[a]!;
      const line = hessian[a] as Float64Array;
      line[a] = line[a]! + ridge;
    }
    const change = solveSymmetric(hessian, gradient);
    const largest = change.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const damping = Math.min(1, 5 / Math.max(largest, 1e-12));
    model.weights.forEach((value, at) => (model.weights[at] = value + damping * change[at]!));
    if (largest < 1e-6) break;
  }
  return model;
}

export function logisticProbability(model: LogisticModel, row: ArrayLike<number>): number {
  return sigmoid(dot(standardise(model, row), model.weights));
}

function standards(rows: readonly ArrayLike<number>[], width: number): { means: Float64Array; scales: Float64Array } {
  const [means, scales] = [new Float64Array(width), new Float64Array(width)];
  for (let at = 0; at < width; at += 1) {
    const mean = rows.reduce((sum, row) => sum + row[at]!, 0) / Math.max(rows.length, 1);
    const variance = rows.reduce((sum, row) => sum + (row[at]! - mean) ** 2, 0) / Math.max(rows.length, 1);
    means[at] = mean;
    scales[at] = Math.sqrt(variance) || 1;
  }
  return { means, scales };
}

function standardise({ means, scales }: LogisticModel, row: ArrayLike<number>): Float64Array {
  const values = new Float64Array(means.length + 1);
  for (let at = 0; at < means.length; at += 1) {
    values[at] = (row[at]! - means[at]!) / scales[at]!;
  }
  values[means.length] = 1;
  return values;
}

/** Cholesky's decomposition of the lower triangle. */
function solveSymmetric(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const lower = matrix.map((line) => Float64Array.from(line));
  const at = (a: number, b: number): number => lower[a]?.[b] ?? 0;
  for (let a = 0; a < size; a += 1) {
    for (let b = 0; b <= a; b += 1) {
      let sum = at(a, b);
      for (let k = 0; k < b; k += 1) sum -= at(a, k) * at(b, k);
      (lower[a] as Float64Array)[b] = a === b ? Math.sqrt(Math.max(sum, 1e-12)) : sum / at(b, b);
    }
  }
  const solution = Float64Array.from(right);
  for (let a = 0; a < size; a += 1) {
    for (let k = 0; k < a; k += 1) solution[a] = solution[a]! - at(a, k) * solution[k]!;
    solution[a] = solution[a]! / at(a, a);
  }
  for (let a = size - 1; a >= 0; a -= 1) {
    for (let k = a + 1; k < size; k += 1) solution[a] = solution[a]! - at(k, a) * solution[k]!;
    solution[a] = solution[a]! / at(a, a);
  }
  return solution;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum;
}
