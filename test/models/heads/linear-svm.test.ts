import { describe, expect, test } from 'vitest';
import { stackSparse, type SparseRow } from '../../../src/models/features/sparse-matrix.js';
import { scoreRow, trainLinearSvm, type SvmOptions } from '../../../src/models/heads/linear-svm.js';
import { seeded } from '../../../src/statistics/random.js';
import { expectAllClose } from '../../support/golden.js';
import { iris, standardised } from '../../support/iris.js';

/** Leaves zeros out, as n-grams do. */
function sparse(row: readonly number[]): SparseRow {
  const columns = [...row.keys()].filter((column) => row[column] !== 0);
  return { columns: Int32Array.from(columns), values: Float32Array.from(columns, (column) => row[column] ?? 0) };
}
const rows = standardised.map(sparse);
const matrix = stackSparse(rows, 4);
const labels = Int32Array.from(iris.labels);
const all = Int32Array.from(rows.keys());
const exact: SvmOptions = { cost: iris.linearSvm.cost, seed: 1, tolerance: 1e-9, maxPasses: 100_000 };

describe('the linear support vector machine', () => {
  test('has the weights of scikit-learn’s LinearSVC, one class against the rest', async () => {
    const head = await trainLinearSvm(matrix, labels, all, 3, exact);
    // The rows are in single precision.
    expectAllClose(head.weights, iris.linearSvm.weights.flat(), 2e-5);
    expectAllClose(head.bias, iris.linearSvm.bias, 2e-5);
  });

  test('scores a row by weights and bias', async () => {
    const head = await trainLinearSvm(matrix, labels, all, 3, exact);
    const { weights, bias } = iris.linearSvm;
    [0, 7, 149].forEach((at) => {
      const row = standardised[at] ?? [];
      const expected = bias.map((own, label) =>
        row.reduce((sum, value, column) => sum + value * (weights[column]?.[label] ?? 0), own),
      );
      expectAllClose(scoreRow(head, rows[at] as SparseRow), expected, 2e-4);
    });
  });

  test('learns only from the rows that it is given, and tells how far it is', async () => {
    const some = all.filter((row) => row % 2 === 0);
    const own = stackSparse(
      [...some].map((row) => rows[row] as SparseRow),
      4,
    );
    const shares: number[] = [];
    const head = await trainLinearSvm(matrix, labels, some, 3, exact, (share) => void shares.push(share));
    const alone = await trainLinearSvm(
      own,
      some.map((row) => labels[row] ?? -1),
      Int32Array.from(some.keys()),
      3,
      exact,
    );
    expectAllClose(head.weights, [...alone.weights], 1e-5);
    expectAllClose(shares, [1 / 3, 2 / 3, 1], 1e-12);
  });

  test('takes rows of no class as examples against all', async () => {
    const none = labels.map((label) => (label === 2 ? -1 : label));
    const head = await trainLinearSvm(matrix, none, all, 2, exact);
    const expected = iris.linearSvm.weights.flatMap((row) => row.slice(0, 2));
    expectAllClose(head.weights, expected, 2e-5);
  });

  test('of more rows than it may hold a class against sees all of its own, and a sample of the others', async () => {
    const random = seeded(3);
    const many = Array.from({ length: 900 }, (_, row) => [row % 3 === 0 ? 1 : -1, random() - 0.5]);
    const head = await trainLinearSvm(
      stackSparse(many.map(sparse), 2),
      Int32Array.from(many, (_, row) => row % 3),
      Int32Array.from(many.keys()),
      3,
      { ...exact, maxNegatives: 60 },
    );
    expect(scoreRow(head, sparse([1, 0]))[0]).toBeGreaterThan(0.5);
    expect(scoreRow(head, sparse([-1, 0]))[0]).toBeLessThan(-0.5);
  });
});
