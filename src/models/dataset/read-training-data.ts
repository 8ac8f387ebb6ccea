import { EmbeddingCache, textKey } from '../encoder/embedding-cache.js';
import { hash32 } from '../../statistics/random.js';
import { createHash, type Hash } from 'crypto';
import type { Encoder } from '../encoder/encoder.js';
import { NgramCounter, normalisedText } from '../features/ngrams.js';
import { isFeature, knownContactType, FieldCounter, type FieldFeature } from '../features/field-features.js';
import { type SparseRow, stackSparse } from '../features/sparse-matrix.js';
import { TicketFeatures } from '../features/ticket-features.js';
import { templateText, ticketText } from '../features/ticket-text.js';
import { orderTemplates } from './classes.js';
import { DataFileError } from '../../files/data-file-error.js';
import { toRankInput, type DataRow } from './data-row.js';
import type { RankInput } from '../ranker.js';
import { RowSample } from './row-sample.js';
import { encodeTemplates } from './template-rows.js';
import { idHash } from './trained-on.js';
import { DataSettings, TrainingData } from './training-data.js';

/**
 * Reads labelled tickets as numbers, in two passes: the first fits vocabulary and fields and encodes the texts, the second
 * computes the features.
 *
 * @throws DataFileError with file and line where a row can't be read, or a label is not a template
 */
export async function readTrainingData(
  settings: DataSettings,
  encoder: Encoder,
  onRows: (rows: number) => void | Promise<void>,
): Promise<TrainingData> {
  const sample = await RowSample.open(settings);
  const classes = sample.labels;
  if (classes.length < 2) {
    const which = classes[0] === undefined ? 'no row has a label' : `every label is "${classes[0]}"`;
    throw new DataFileError(settings.file, null, `${which}; training needs at least two templates`);
  }
  if (sample.size < sample.all) {
    process.emitWarning(
      `${settings.file} has ${sample.all} rows: training uses a sample of about ${sample.size}, with all rows of rare templates`,
    );
  }
  const useAllViews = encoder.width * classes.length <= maxViewWeights && encoder.width * sample.size <= maxViewNumbers;
  const views = useAllViews ? encoder.width : encoder.size;
  const first = await firstPass({ ...settings, views }, sample, encoder, onRows);
  const limit = Math.max(minNgrams, Math.floor(maxNgramWeights / classes.length));
  const maxNgrams = Math.min(limit, settings.maxNgrams ?? limit);
  const features = new TicketFeatures(views, first.counter.vocabulary(maxNgrams), first.fields);
  const width = features.denseWidth;
  const dense = new Float32Array(first.labels.length * width);
  const sparse: SparseRow[] = [];
  for await (const row of sample.rows()) {
    const index = sparse.length;
    const input = toRankInput(row, settings.knownContactType);
    dense.set(features.dense(input, first.encoded[index] ?? new Float32Array(encoder.width)), index * width);
    // Frees the copy of the first pass.
    first.encoded[index] = new Float32Array(0);
    sparse.push(features.sparse(input));
  }
  const texts = orderTemplates(classes, settings.templates).slice(0, classes.length).map(templateText);
  const contactTypes = [...new Set(first.contactTypes.filter((type) => type !== null))].sort();
  return {
    features,
    classes,
    labels: toIndices(first.labels, classes),
    contactTypes,
    contactTypeLabels: toIndices(first.contactTypes, contactTypes),
    dense: { values: dense, width, templates: encodeTemplates(encoder, features, texts) },
    embeddingSize: encoder.size,
    sparse: stackSparse(sparse, features.sparseWidth),
    dedupGroups: Uint32Array.from(first.dedupGroups),
    idHashes: first.idHashes,
    hash: first.hash.digest('hex'),
    from: first.from,
    until: first.until,
  };
}

export async function firstPass(
  settings: DataSettings & { views: number },
  sample: RowSample,
  encoder: Encoder,
  onRows: (rows: number) => void | Promise<void>,
): Promise<FirstPass> {
  const { columns, templates, views } = settings;
  const known = templates && new Set(templates.map(({ templateId }) => templateId));
  const names = [...(columns.fields ?? []).filter(isFeature), ...(settings.knownContactType ? [knownContactType] : [])];
  const fieldCounter = new FieldCounter(names);
  const pass = emptyPass();
  const cache = new EmbeddingCache(settings.cacheDir, encoder.hash, encoder.width);
  try {
    let texts: string[] = [];
    const encode = async (): Promise<void> => {
      // A copy: numbers that are not used do not stay in memory.
      for (const numbers of encodeCached(encoder, cache, texts)) pass.encoded.push(numbers.slice(0, views));
      texts = [];
      await onRows(pass.labels.length);
    };
    for await (const row of sample.rows()) {
      if (known) checkLabel(settings, row, known);
      const input = toRankInput(row, settings.knownContactType);
      const text = ticketText(input);
      countRow(pass, row, input, settings.seed);
      pass.counter.add(text);
      fieldCounter.add(input);
      texts.push(text);
      if (texts.length >= textsPerCall) await encode();
    }
    await encode();
  } finally {
    cache.close();
  }
  pass.fields = fieldCounter.features();
  return pass;
}

const emptyPass = (): FirstPass => ({
  labels: [],
  contactTypes: [],
  dedupGroups: [],
  idHashes: [],
  fields: [],
  counter: new NgramCounter(),
  encoded: [],
  hash: createHash('sha256'),
  from: null,
  until: null,
});

/** @throws DataFileError */
function checkLabel({ file, columns }: DataSettings, { label, line }: DataRow, known: ReadonlySet<string>): void {
  if (label === null || known.has(label)) return;
  const column = columns.label ?? 'template';
  throw new DataFileError(file, line, `column "${column}": label "${label}" is not a template of --templates`);
}

function countRow(pass: FirstPass, row: DataRow, input: RankInput, seed: number): void {
  pass.labels.push(row.label);
  pass.contactTypes.push(row.contactType);
  pass.dedupGroups.push(hash32(dedupKey(ticketText(input)), seed));
  pass.idHashes.push(row.id === null ? null : idHash(row.id));
  pass.hash.update(JSON.stringify([row.label, row.contactType, input]));
  if (row.occurredAt === null) return;
  if (pass.from === null || row.occurredAt < pass.from) pass.from = row.occurredAt;
  if (pass.until === null || row.occurredAt > pass.until) pass.until = row.occurredAt;
}

export interface FirstPass {
  labels: (string | null)[];
  contactTypes: (string | null)[];
  dedupGroups: number[];
  idHashes: (string | null)[];
  fields: FieldFeature[];
  counter: NgramCounter;
  /** The encoder's output for each row, [views] */
  encoded: Float32Array[];
  hash: Hash;
  from: Date | null;
  until: Date | null;
}

/** Equal for near-duplicates: ignores case, digits, punctuation and the order of words. */
export const dedupKey = (text: string): string =>
  (
    normalisedText(text)
      .slice(0, 5000)
      .match(/\p{L}+/gu) ?? [text]
  )
    .sort()
    .join(' ');

/** Encodes texts, those that are not in the cache. */
export function encodeCached(encoder: Encoder, cache: EmbeddingCache, texts: readonly string[]): Float32Array[] {
  const keys = texts.map(textKey);
  const known = keys.map((key) => cache.get(key));
  const missing = [...known.keys()].filter((index) => !known[index]);
  const encoded = encoder.encode(missing.map((index) => texts[index] ?? ''));
  cache.put(missing.map((index, at) => ({ key: keys[index] ?? '', values: encoded[at] ?? new Float32Array() })));
  missing.forEach((index, at) => (known[index] = encoded[at] ?? null));
  return known.map((values) => values ?? new Float32Array(encoder.width));
}

export function toIndices(values: readonly (string | null)[], names: readonly string[]): Int32Array {
  const place = new Map(names.map((name, index) => [name, index]));
  return Int32Array.from(values, (value) => (value === null ? -1 : (place.get(value) ?? -1)));
}

/** All five views of the encoder are used up to this many weights; above it they overfit and take too long. */
export const maxViewWeights = 4000000;
/** … and up to this many numbers, 800 MB. */
export const maxViewNumbers = 200000000;
export const maxNgramWeights = 50000000;
export const minNgrams = 20000;
export const textsPerCall = 2048;
