/** Of very many labels a training takes some: which, and that rare templates lose none of theirs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scoreRow, trainLinearSvm } from '../../../src/models/heads/linear-svm.js';
import { RowSample } from '../../../src/models/dataset/row-sample.js';
import type { SparseMatrix } from '../../../src/models/features/sparse-matrix.js';
import { scratchFolder } from '../../support/models.js';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let file: string;
beforeAll(async () => {
  scratch = await scratchFolder();
  file = join(scratch.folder, 'many.csv');
  const rows = Array.from({ length: 5000 }, (_, at) => `ticket ${at},${at % 50 === 0 ? 'rare' : 'common'}\n`);
  await writeFile(file, `text,template\n${rows.join('')}`);
});
afterAll(() => scratch.remove());

async function sampled(maxRows: number, seed = 1): Promise<string[]> {
  const sample = await RowSample.open({ file, columns: {}, seed, maxRows });
  const rows: string[] = [];
  for await (const { line, label } of sample.rows()) rows.push(`${line} ${label ?? ''}`);
  return rows;
}

test('all rows are taken where there is room for them', async () => {
  expect(await sampled(5000)).toHaveLength(5000);
});

test('else the common template gives some of its rows, the rare one all', async () => {
  const rows = await sampled(1000);
  expect(rows.filter((row) => row.endsWith('rare'))).toHaveLength(100);
  expect(rows.length).toBeGreaterThan(850);
  expect(rows.length).toBeLessThan(1150);
});

test('the same rows are taken each time, others with another seed', async () => {
  expect(await sampled(1000)).toEqual(await sampled(1000));
  expect(await sampled(1000, 2)).not.toEqual(await sampled(1000));
});

test('a head that holds each template against some of the others only still knows them apart', async () => {
  const [classes, each] = [40, 25];
  const count = classes * each;
  // Each row has one feature, its template's own.
  const matrix: SparseMatrix = {
    start: Int32Array.from({ length: count + 1 }, (_, at) => at),
    columns: Int32Array.from({ length: count }, (_, at) => at % classes),
    values: new Float32Array(count).fill(1),
    width: classes,
  };
  const labels = matrix.columns;
  const head = await trainLinearSvm(matrix, labels, Int32Array.from(labels.keys()), classes, {
    cost: 1,
    seed: 1,
    maxNegatives: 200,
  });
  for (const label of [0, 17, 39]) {
    const scores = scoreRow(head, { columns: Int32Array.of(label), values: Float32Array.of(1) });
    expect(scores.indexOf(Math.max(...scores))).toBe(label);
  }
});
