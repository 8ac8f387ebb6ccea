/** What a ranking can learn from few labels, and what it must not learn from them. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { fitWeights } from '../../../src/models/heads/combination.js';
import { fitDiscriminant } from '../../../src/models/heads/discriminant.js';
import { assignFolds } from '../../../src/models/dataset/folds.js';
import { loadTensorflow, type Tensorflow } from '../../../src/models/tensors/tensorflow.js';

describe('what is held out together', () => {
  const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: -1, max: 5 })), {
    minLength: 1,
    maxLength: 200,
  });

  test('rows that say the same share a fold, whatever their labels', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 2, max: 10 }), (rows, parts) => {
        const dedupGroups = Uint32Array.from(rows, ([group]) => group);
        const folds = assignFolds({ dedupGroups, labels: Int32Array.from(rows, ([, label]) => label) }, parts);
        const foldOf = new Map<number, number>();
        folds.forEach((fold, row) => {
          expect(fold).toBeGreaterThanOrEqual(0);
          expect(fold).toBeLessThan(parts);
          const group = dedupGroups[row] ?? 0;
          expect(foldOf.get(group) ?? fold).toBe(fold);
          foldOf.set(group, fold);
        });
      }),
    );
  });

  test('every fold takes as many from one class as from another that is as large', () => {
    const labels = Int32Array.from({ length: 7 * 12 }, (_, row) => row % 7);
    const dedupGroups = Uint32Array.from(labels, (_, row) => Math.imul(row + 1, 2_654_435_761) >>> 0);
    const folds = assignFolds({ dedupGroups, labels }, 10);
    for (let fold = 0; fold < 10; fold += 1) {
      const taken = Array.from({ length: 7 }, (_, label) =>
        folds.reduce((sum, of, row) => sum + (of === fold && labels[row] === label ? 1 : 0), 0),
      );
      expect(new Set(taken).size).toBe(1);
    }
  });
});

test('a kind of scores that counts against itself is left out of the combination', async () => {
  const labels = Int32Array.from({ length: 60 }, (_, row) => row % 3);
  const right = new Float32Array(180);
  const wrong = new Float32Array(180);
  labels.forEach((label, row) => {
    // One row in ten is taken for another class.
    right[row * 3 + (row % 10 === 0 ? (label + 1) % 3 : label)] = 1;
    wrong[row * 3 + ((label + 1 + (row % 2)) % 3)] = 1;
  });
  const [ofRight = 0, ofWrong] = await fitWeights({ labels, classes: 3, scores: [right, wrong] });
  expect(ofRight).toBeGreaterThan(1);
  expect(ofWrong).toBe(0);
});

test('a dozen tickets that are all told apart do not make the combination surer than a dozen can', async () => {
  const labels = Int32Array.from({ length: 12 }, (_, row) => row % 3);
  const perfect = Float32Array.from({ length: 36 }, (_, at) => (at % 3 === Math.floor(at / 3) % 3 ? 1 : 0));
  const [weight = 0] = await fitWeights({ labels, classes: 3, scores: [perfect] });
  expect(weight).toBeGreaterThan(2);
  expect(weight).toBeLessThan(20);
});

describe('the discriminant', () => {
  let tf: Tensorflow;
  beforeAll(async () => ({ tf } = await loadTensorflow('cpu')));

  /** Two classes that lie apart a little in one direction, and are spread widely in another. */
  const spread = (count: number): { values: Float32Array; labels: Int32Array } => {
    const labels = Int32Array.from({ length: count }, (_, row) => row % 2);
    const values = Float32Array.from({ length: 2 * count }, (_, at) => {
      const row = at >> 1;
      const across = Math.sin(1 + 12.9898 * row) * 3;
      return at % 2 === 0 ? across : (row % 2 === 0 ? -0.2 : 0.2) + 0.02 * across + 0.05 * Math.cos(7.7 * row);
    });
    return { values, labels };
  };

  test('looks past directions in which tickets of one class differ', () => {
    const { values, labels } = spread(40);
    const { weights, bias } = fitDiscriminant(tf, {
      dense: { values, width: 2 },
      labels,
      rows: Int32Array.from(labels.keys()).subarray(0, 20),
      classes: 2,
      templates: null,
    });
    for (let row = 20; row < 40; row += 1) {
      const score = (label: number): number =>
        (values[2 * row] ?? 0) * (weights[label] ?? 0) +
        (values[2 * row + 1] ?? 0) * (weights[2 + label] ?? 0) +
        (bias[label] ?? 0);
      expect(score(1) > score(0)).toBe(labels[row] === 1);
    }
  });

  test('says nothing of a class without examples, and stays finite where all tickets are the same', () => {
    const { values, labels } = spread(10);
    const dense = { values, width: 2 };
    const rows = Int32Array.from(labels.keys());
    const unknown = fitDiscriminant(tf, { dense, labels, rows, classes: 3, templates: null });
    expect([unknown.weights[2], unknown.weights[5], unknown.bias[2]].map(Math.abs as (x?: number) => number)).toEqual([
      0, 0, 0,
    ]);
    const same = { values: new Float32Array(20).fill(0.5), width: 2 };
    const { weights, bias } = fitDiscriminant(tf, { dense: same, labels, rows, classes: 2, templates: null });
    expect([...weights, ...bias].every(Number.isFinite)).toBe(true);
  });
});
