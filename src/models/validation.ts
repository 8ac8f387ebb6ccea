/** What trained heads say of a file of its own: later tickets than those they learned from, or others, to draw lines on. */
import type { HeldOutRow } from './abstention.js';
import type { Evidence } from './combination.js';
import type { Heads } from './cross-fit.js';
import { readDataFile } from './data-file.js';
import { DataFileError } from './data-row.js';
import { EmbeddingCache } from './embedding-cache.js';
import type { Encoder } from './encoder.js';
import { headScores, likeness } from './head-scores.js';
import type { RankInput } from './ranker.js';
import { stack, type SparseRow } from './sparse-matrix.js';
import { templateEmbeddings } from './template-rows.js';
import type { Tensorflow } from './tensorflow.js';
import { ticketText } from './ticket-text.js';
import { encodedWith, rankInputOf, type DataSettings, type TrainingData } from './training-data.js';

const textsAtOnce = 2048;
/** Lines drawn on fewer tickets would be chance. */
const fewestRows = 100;

/**
 * @param data what the heads learned from
 * @returns scores of each row; those whose template no label has taught are left out
 * @throws DataFileError where the file can't be read, or too few of its tickets have a template that is known
 */
export async function validationEvidence(
  tf: Tensorflow,
  encoder: Encoder,
  settings: Pick<DataSettings, 'file' | 'columns' | 'knownContactType' | 'cacheDir'>,
  data: TrainingData,
  heads: Heads,
): Promise<Evidence> {
  const { features, classes } = data;
  const place = new Map(classes.map((id, label) => [id, label]));
  const labels: number[] = [];
  const dense: Float32Array[] = [];
  const sparse: SparseRow[] = [];
  const cache = new EmbeddingCache(settings.cacheDir, encoder.hash, encoder.width);
  try {
    let waiting: RankInput[] = [];
    const take = (): void => {
      const encoded = encodedWith(encoder, cache, waiting.map(ticketText));
      waiting.forEach((input, index) => {
        dense.push(features.dense(input, encoded[index] ?? new Float32Array(encoder.width)));
        sparse.push(features.sparse(input));
      });
      waiting = [];
    };
    for await (const row of readDataFile(settings.file, settings.columns)) {
      const label = row.label === null ? -1 : place.get(row.label);
      if (label === undefined) continue;
      labels.push(label);
      waiting.push(rankInputOf(row, settings.knownContactType));
      if (waiting.length >= textsAtOnce) take();
    }
    take();
  } finally {
    cache.close();
  }
  const known = labels.filter((label) => label >= 0).length;
  if (known < fewestRows) {
    const seen = `${known} of its tickets have a template that the training data knows`;
    throw new DataFileError(
      settings.file,
      null,
      `${seen}; lines are drawn on ${fewestRows} at least: leave out --validation`,
    );
  }
  const { width } = data.dense;
  const values = new Float32Array(dense.length * width);
  dense.forEach((row, index) => values.set(row, index * width));
  const seen = { ...data, dense: { ...data.dense, values }, sparse: stack(sparse, features.sparseWidth) };
  const rows = Int32Array.from(labels.keys());
  const scores = headScores(tf, seen, heads, rows);
  return {
    labels: Int32Array.from(labels),
    classes: classes.length,
    scores: [
      scores.dense,
      scores.sparse,
      scores.nearest,
      scores.discriminant,
      likeness(seen, rows, templateEmbeddings(seen)),
    ],
  };
}

/** Validation tickets in place of the held-out ones; those that no template fits from both, as no head has learned from them. */
export function rowsForLines(heldOut: readonly HeldOutRow[], validation: readonly HeldOutRow[]): HeldOutRow[] {
  return [...validation, ...heldOut.filter(({ rightProbability }) => rightProbability === null)];
}
