/** The rows of a file that a training uses: all of them, or a sample that keeps all rows of rare labels. */
import { readDataFile } from './data-file.js';
import type { Columns, DataRow } from './data-row.js';
import { hash32 } from '../../statistics/random.js';

/** A training holds a few thousand bytes of each row in memory. */
const defaultMaxRows = 300_000;

export interface RowSource {
  file: string;
  columns: Columns;
  seed: number;
  /** Default 300,000 */
  maxRows?: number | undefined;
}

export class RowSample {
  private constructor(
    private readonly source: RowSource,
    /** Rows of the file by label; null: rows that no template fits */
    private readonly counts: ReadonlyMap<string | null, number>,
    /** Of one label, about */
    private readonly maxRowsPerLabel: number,
  ) {}

  /**
   * Reads the file once. Memory is bounded by the labels, whatever the file's size.
   *
   * @throws DataFileError
   */
  static async open(source: RowSource): Promise<RowSample> {
    const counts = new Map<string | null, number>();
    for await (const { label } of readDataFile(source.file, source.columns)) {
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return new RowSample(source, counts, perClassLimit([...counts.values()], source.maxRows ?? defaultMaxRows));
  }

  get labels(): string[] {
    return [...this.counts.keys()].filter((label) => label !== null).sort();
  }

  /** Rows of the file */
  get all(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Rows of the sample, about */
  get size(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + Math.min(count, this.maxRowsPerLabel), 0);
  }

  /** The rows of the sample, in the order of the file; the same ones each time. */
  async *rows(): AsyncGenerator<DataRow> {
    const { file, columns, seed } = this.source;
    for await (const row of readDataFile(file, columns)) {
      const share = this.maxRowsPerLabel / (this.counts.get(row.label) ?? 1);
      if (share >= 1 || hash32(String(row.line), seed) / 0x1_0000_0000 < share) yield row;
    }
  }
}

/** The largest number per class with which all classes together stay below `limit`. */
export function perClassLimit(counts: readonly number[], limit: number): number {
  const total = (most: number): number => counts.reduce((sum, count) => sum + Math.min(count, most), 0);
  let [low, high] = [1, counts.reduce((a, b) => Math.max(a, b), 1)];
  if (total(high) <= limit) return high;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (total(middle) <= limit) low = middle;
    else high = middle;
  }
  return low;
}
