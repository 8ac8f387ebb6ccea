/** Rows of few numbers among many columns: row r has columns[start[r] … start[r + 1]) and their values. */
export interface SparseMatrix {
  start: Int32Array;
  columns: Int32Array;
  values: Float32Array;
  /** Number of columns */
  width: number;
}

/** One row, columns ascending. */
export interface SparseRow {
  columns: Int32Array;
  values: Float32Array;
}

export function stackSparse(rows: readonly SparseRow[], width: number): SparseMatrix {
  const start = new Int32Array(rows.length + 1);
  rows.forEach(({ columns }, index) => (start[index + 1] = (start[index] ?? 0) + columns.length));
  const size = start[rows.length] ?? 0;
  const columns = new Int32Array(size);
  const values = new Float32Array(size);
  rows.forEach((row, index) => {
    columns.set(row.columns, start[index]);
    values.set(row.values, start[index]);
  });
  return { start, columns, values, width };
}
