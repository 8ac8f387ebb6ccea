/** Scores of a validation file by the final heads, to fit thresholds on other tickets than the training data. */
import type { HeldOutRow } from '../ranking/abstention.js';
import type { LabelledScores } from '../heads/combination.js';
import type { Heads } from '../heads/heads.js';
import { readDataFile } from '../dataset/data-file.js';
import { DataFileError } from '../../files/data-file-error.js';
import { EmbeddingCache } from '../encoder/embedding-cache.js';
import type { Encoder } from '../encoder/encoder.js';
import { scoresByKind, concat } from '../heads/head-scores.js';
import type { RankInput } from '../ranker.js';
import { stackSparse, type SparseRow } from '../features/sparse-matrix.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { ticketText } from '../features/ticket-text.js';
import { type DataSettings, type TrainingData } from '../dataset/training-data.js';
import { encodeCached } from '../dataset/read-training-data.js';
import { toRankInput } from '../dataset/data-row.js';

const textsPerCall = 2048;
/** Thresholds fitted on fewer tickets would be chance. */
const minRows = 100;

/**
 * Runs before the training, which can take an hour.
 *
 * @throws DataFileError where the file can't be read, or has too few tickets with a known template
 */
export async function checkValidationFile(
  { file, columns }: Pick<DataSettings, 'file' | 'columns'>,
  classes: readonly string[],
): Promise<void> {
  const isKnown = new Set(classes);
  let known = 0;
  for await (const { label } of readDataFile(file, columns)) if (label !== null && isKnown.has(label)) known += 1;
  if (known >= minRows) return;
  const found = `has ${known} tickets with a template from the training data`;
  throw new DataFileError(file, null, `${found}; thresholds need at least ${minRows}. Leave out --validation`);
}

/**
 * @param encoders the model's own, and the base encoder that the training started from
 * @param model the final heads, and the data that they were trained on
 * @returns scores of each row; rows with a template that has no training labels are left out
 * @throws DataFileError where the file can't be read
 */
export async function scoreValidationFile(
  tf: Tensorflow,
  encoders: { own: Encoder; base: Encoder },
  settings: Pick<DataSettings, 'file' | 'columns' | 'knownContactType' | 'cacheDir'>,
  { data, heads }: { data: TrainingData; heads: Heads },
): Promise<LabelledScores> {
  const { features, classes } = data;
  const labelOfTemplate = new Map(classes.map((id, label) => [id, label]));
  const labels: number[] = [];
  const sparse: SparseRow[] = [];
  const own = new EncodedRows(encoders.own, data, settings.cacheDir);
  const base = heads.base && new EncodedRows(encoders.base, data, settings.cacheDir);
  try {
    let waiting: RankInput[] = [];
    const encode = (): void => {
      own.add(waiting);
      base?.add(waiting);
      sparse.push(...waiting.map((input) => features.sparse(input)));
      waiting = [];
    };
    for await (const row of readDataFile(settings.file, settings.columns)) {
      const label = row.label === null ? -1 : labelOfTemplate.get(row.label);
      if (label === undefined) continue;
      labels.push(label);
      waiting.push(toRankInput(row, settings.knownContactType));
      if (waiting.length >= textsPerCall) encode();
    }
    encode();
  } finally {
    own.close();
    base?.close();
  }
  const encoded = { ...data, dense: own.dense(), sparse: stackSparse(sparse, features.sparseWidth) };
  const baseData = base && { ...encoded, dense: base.dense() };
  const scores = scoresByKind(tf, { data: encoded, baseData }, heads, Int32Array.from(labels.keys()));
  return { labels: Int32Array.from(labels), classes: classes.length, scores };
}

/** The tickets of a file, encoded by one encoder. */
class EncodedRows {
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
    const encoded = encodeCached(this.encoder, this.cache, inputs.map(ticketText));
    inputs.forEach((input, index) => {
      this.rows.push(this.data.features.dense(input, encoded[index] ?? new Float32Array(this.encoder.width)));
    });
  }

  dense(): TrainingData['dense'] {
    return { ...this.data.dense, values: concat(this.rows, Float32Array) };
  }

  close(): void {
    this.cache.close();
  }
}

/** Validation tickets replace the held-out ones; tickets without a fitting template come from both, as no head is trained on them. */
export function rowsForThresholds(heldOut: readonly HeldOutRow[], validation: readonly HeldOutRow[]): HeldOutRow[] {
  return [...validation, ...heldOut.filter(({ rightProbability }) => rightProbability === null)];
}
