/** What trained heads say of a file of its own: later tickets than those they learned from, or others, to draw lines on. */
import type { HeldOutRow } from '../ranking/abstention.js';
import type { Evidence } from '../heads/combination.js';
import type { Heads } from '../heads/heads.js';
import { readDataFile } from '../dataset/data-file.js';
import { DataFileError } from '../dataset/data-row.js';
import { EmbeddingCache } from '../encoder/embedding-cache.js';
import type { Encoder } from '../encoder/encoder.js';
import { evidenceOf, joined } from '../heads/head-scores.js';
import type { RankInput } from '../ranker.js';
import { stack, type SparseRow } from '../features/sparse-matrix.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { ticketText } from '../features/ticket-text.js';
import { type DataSettings, type TrainingData } from '../dataset/training-data.js';
import { encodedWith } from '../dataset/read-training-data.js';
import { rankInputOf } from '../dataset/data-row.js';

const textsAtOnce = 2048;
/** Lines drawn on fewer tickets would be chance. */
const fewestRows = 100;

/**
 * Before an hour of training, not after it.
 *
 * @throws DataFileError where the file can't be read, or too few of its tickets have a template that is known
 */
export async function checkValidationFile(
  { file, columns }: Pick<DataSettings, 'file' | 'columns'>,
  classes: readonly string[],
): Promise<void> {
  const isKnown = new Set(classes);
  let known = 0;
  for await (const { label } of readDataFile(file, columns)) if (label !== null && isKnown.has(label)) known += 1;
  if (known >= fewestRows) return;
  const seen = `${known} of its tickets have a template that the training data knows`;
  throw new DataFileError(file, null, `${seen}; lines are drawn on ${fewestRows} at least: leave out --validation`);
}

/**
 * @param encoders the model's own, and the one that a training began with
 * @param data what the heads learned from
 * @returns scores of each row; those whose template no label has taught are left out
 * @throws DataFileError where the file can't be read
 */
export async function validationEvidence(
  tf: Tensorflow,
  encoders: { own: Encoder; usual: Encoder },
  settings: Pick<DataSettings, 'file' | 'columns' | 'knownContactType' | 'cacheDir'>,
  data: TrainingData,
  heads: Heads,
): Promise<Evidence> {
  const { features, classes } = data;
  const place = new Map(classes.map((id, label) => [id, label]));
  const labels: number[] = [];
  const sparse: SparseRow[] = [];
  const own = new Sight(encoders.own, data, settings.cacheDir);
  const usual = heads.usual && new Sight(encoders.usual, data, settings.cacheDir);
  try {
    let waiting: RankInput[] = [];
    const take = (): void => {
      own.add(waiting);
      usual?.add(waiting);
      sparse.push(...waiting.map((input) => features.sparse(input)));
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
    own.close();
    usual?.close();
  }
  const seen = { ...data, ...own.seen(), sparse: stack(sparse, features.sparseWidth) };
  const views = { data: seen, usual: usual && { ...seen, ...usual.seen() } };
  const scores = evidenceOf(tf, views, heads, Int32Array.from(labels.keys()));
  return { labels: Int32Array.from(labels), classes: classes.length, scores };
}

/** The file's tickets as one encoder sees them. */
class Sight {
  private readonly rows: Float32Array[] = [];
  private readonly cache: EmbeddingCache;

  constructor(
    private readonly encoder: Encoder,
    private readonly data: TrainingData,
    cacheDir: string,
  ) {
    this.cache = new EmbeddingCache(cacheDir, encoder.hash, encoder.width);
  }

  add(inputs: readonly RankInput[]): void {
    const encoded = encodedWith(this.encoder, this.cache, inputs.map(ticketText));
    inputs.forEach((input, index) => {
      this.rows.push(this.data.features.dense(input, encoded[index] ?? new Float32Array(this.encoder.width)));
    });
  }

  seen(): Pick<TrainingData, 'dense'> {
    return { dense: { ...this.data.dense, values: joined(this.rows, Float32Array) } };
  }

  close(): void {
    this.cache.close();
  }
}

/** Validation tickets in place of the held-out ones; those that no template fits from both, as no head has learned from them. */
export function rowsForLines(heldOut: readonly HeldOutRow[], validation: readonly HeldOutRow[]): HeldOutRow[] {
  return [...validation, ...heldOut.filter(({ rightProbability }) => rightProbability === null)];
}
