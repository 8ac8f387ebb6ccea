import { describe, expect, test } from 'vitest';
import { EmbeddingSums } from '../../../src/monitoring/detection/embedding-test.js';
import { shareDifference } from '../../../src/monitoring/detection/effects.js';
import { buildEmbeddingReference, type EmbeddingRow } from '../../../src/monitoring/reference/embedding-reference.js';
import { fitEmbeddingSpace, Locator } from '../../../src/monitoring/reference/embedding-space.js';
import { seeded } from '../../../src/statistics/random.js';
import { normals } from '../../../bench/drift/synthetic-tickets.js';

const normal = normals(seeded(6));
/** Two numbers of four vary. */
const embedding = (shift = 0, spread = 0.2): Float32Array =>
  Float32Array.of(shift + spread * normal(), spread * normal(), 0.02 * normal(), 0.02 * normal());
const many = (count: number, draw: () => Float32Array): Float32Array[] => Array.from({ length: count }, draw);
const space = fitEmbeddingSpace(
  many(300, () => embedding()),
  1,
);
const locator = new Locator(space);
const rowOf = (vector: Float32Array): EmbeddingRow => {
  const point = locator.project(vector);
  return { point, distance: locator.nearestCentroid(point).distance };
};
const known = many(400, () => embedding()).map(rowOf);
const reference = buildEmbeddingReference(space, known, 1, 199);
if (!reference) throw new Error('400 rows are enough');

function sumsOf(rows: readonly EmbeddingRow[]): EmbeddingSums {
  const sums = new EmbeddingSums(space, reference as NonNullable<typeof reference>);
  rows.forEach((row) => sums.add(row));
  return sums;
}

describe('where texts lie', () => {
  test('is not tested of fewer than thirty, nor against a reference of fewer than forty', () => {
    expect(sumsOf(known.slice(0, 29)).test()).toBeNull();
    expect(sumsOf(known.slice(0, 30)).test()).not.toBeNull();
    expect(buildEmbeddingReference(space, known.slice(0, 39), 1, 19)).toBeNull();
  });

  test('is told to have moved no more often than by chance where it has not', () => {
    const pValues = Array.from(
      { length: 60 },
      () => sumsOf(many(50, () => embedding()).map(rowOf)).test()?.pValue ?? 0,
    );
    expect(pValues.filter((value) => value <= 0.1).length).toBeLessThan(17);
    expect(pValues.filter((value) => value > 0.5).length).toBeGreaterThan(12);
    for (const value of pValues) expect(value >= 1 / 200 && value <= 1).toBe(true);
  });

  test('is told by its kernels where texts have moved within what is known', () => {
    const verdict = sumsOf(many(100, () => embedding(0.15, 0.1)).map(rowOf)).test();
    expect(verdict).toMatchObject({ pValue: 1 / 200, by: 'kernel' });
    expect(verdict?.statistic).toBeGreaterThan(5);
  });

  test('is told by distance where a few lie far out', () => {
    const rows = [...many(93, () => embedding()), ...many(7, () => embedding(2.5, 0.05))].map(rowOf);
    const verdict = sumsOf(rows).test();
    expect(verdict?.pValue).toBe(1 / 200);
    expect(verdict?.by).toBe('distance');
  });

  test('has its effect in tickets that are farther out than 95 % of the reference', () => {
    const rows = [...many(90, () => embedding()), ...many(10, () => embedding(2.5, 0.05))].map(rowOf);
    const cut = reference.cuts[1]!;
    const beyond = (all: readonly EmbeddingRow[]): number => all.filter(({ distance }) => distance >= cut).length;
    const { unit, ...effect } = sumsOf(rows).noveltyEffect();
    const expected = shareDifference(beyond(rows), 100, beyond(known), 400);
    expect(effect.value).toBeCloseTo(expected.value, 5);
    expect(effect.low).toBeCloseTo(expected.low, 5);
    expect(effect.high).toBeCloseTo(expected.high, 5);
    expect(unit).toContain('95');
  });
});
