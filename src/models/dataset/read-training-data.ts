import { EmbeddingCache, textKey } from '../encoder/embedding-cache.js';
import { hash32 } from '../../statistics/random.js';
import { createHash, type Hash } from 'crypto';
import type { Encoder } from '../encoder/encoder.js';
import { NgramCounter, normalisedText } from '../features/ngrams.js';
import { isFeature, knownContactType, FieldCounter, type FieldFeature } from '../features/field-features.js';
import { type SparseRow, stack } from '../features/sparse-matrix.js';
import { TicketFeatures } from '../features/ticket-features.js';
import { templateText, ticketText } from '../features/ticket-text.js';
import { templatesOf } from './classes.js';
import { DataFileError, rankInputOf } from './data-row.js';
import { RowSample } from './row-sample.js';
import { templateRows } from './template-rows.js';
import { idHash } from './trained-on.js';
import { DataSettings, TrainingData } from './training-data.js';

/**
 * @throws DataFileError naming file and line: a row that can't be read, a label without a template
 */
export async function readTrainingData(
  settings: DataSettings,
  encoder: Encoder,
  onRows: (rows: number) => void | Promise<void>,
): Promise<TrainingData> {
  const sample = await RowSample.of(settings);
  const classes = sample.labels;
  if (classes.length < 2) {
    const which = classes[0] === undefined ? 'no row has a label' : `every label is "${classes[0]}"`;
    throw new DataFileError(settings.file, null, `${which}; a ranking is learned from two templates or more`);
  }
  if (sample.size < sample.all) {
    process.emitWarning(
      `${settings.file} has ${sample.all} rows: about ${sample.size} of them are learned from, of rare templates all`,
    );
  }
  const isForViews =
    encoder.width * classes.length <= mostWeightsOfViews && encoder.width * sample.size <= mostNumbersOfViews;
  const views = isForViews ? encoder.width : encoder.size;
  const first = await firstPass({ ...settings, views }, sample, encoder, onRows);
  const bearable = Math.max(fewestNgrams, Math.floor(mostWeightsOfNgrams / classes.length));
  const mostNgrams = Math.min(bearable, settings.mostNgrams ?? bearable);
  const features = new TicketFeatures(views, first.counter.vocabulary(mostNgrams), first.fields);
  const width = features.denseWidth;
  const dense = new Float32Array(first.labels.length * width);
  const sparse: SparseRow[] = [];
  for await (const row of sample.rows()) {
    const index = sparse.length;
    const input = rankInputOf(row, settings.knownContactType);
    dense.set(features.dense(input, first.encoded[index] ?? new Float32Array(encoder.width)), index * width);
    // Only one of the two copies of a row's numbers is needed from here on.
    first.encoded[index] = new Float32Array(0);
    sparse.push(features.sparse(input));
  }
  const texts = templatesOf(classes, settings.templates).slice(0, classes.length).map(templateText);
  const contactTypes = [...new Set(first.contactTypes.filter((type) => type !== null))].sort();
  return {
    features,
    classes,
    labels: places(first.labels, classes),
    contactTypes,
    contactTypeLabels: places(first.contactTypes, contactTypes),
    dense: { values: dense, width, templates: templateRows(encoder, features, texts) },
    embeddingSize: encoder.size,
    sparse: stack(sparse, features.sparseWidth),
    groups: Uint32Array.from(first.groups),
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
  const { file, columns, templates, seed, views } = settings;
  const known = templates && new Set(templates.map(({ templateId }) => templateId));
  const names = [...(columns.fields ?? []).filter(isFeature), ...(settings.knownContactType ? [knownContactType] : [])];
  const fieldCounter = new FieldCounter(names);
  const pass: FirstPass = {
    labels: [],
    contactTypes: [],
    groups: [],
    idHashes: [],
    fields: [],
    counter: new NgramCounter(),
    encoded: [],
    hash: createHash('sha256'),
    from: null,
    until: null,
  };
  const cache = new EmbeddingCache(settings.cacheDir, encoder.hash, encoder.width);
  try {
    let texts: string[] = [];
    const encode = async (): Promise<void> => {
      // A copy: what is not looked at does not stay in memory.
      for (const numbers of encodedWith(encoder, cache, texts)) pass.encoded.push(numbers.slice(0, views));
      texts = [];
      await onRows(pass.labels.length);
    };
    for await (const row of sample.rows()) {
      if (row.label !== null && known && !known.has(row.label)) {
        const column = columns.label ?? 'template';
        throw new DataFileError(
          file,
          row.line,
          `column "${column}": label "${row.label}" is no template of --templates`,
        );
      }
      const input = rankInputOf(row, settings.knownContactType);
      const text = ticketText(input);
      pass.labels.push(row.label);
      pass.contactTypes.push(row.contactType);
      pass.groups.push(hash32(gist(text), seed));
      pass.idHashes.push(row.id === null ? null : idHash(row.id));
      pass.hash.update(JSON.stringify([row.label, row.contactType, input]));
      if (row.occurredAt !== null) {
        if (pass.from === null || row.occurredAt < pass.from) pass.from = row.occurredAt;
        if (pass.until === null || row.occurredAt > pass.until) pass.until = row.occurredAt;
      }
      pass.counter.add(text);
      fieldCounter.add(input);
      texts.push(text);
      if (texts.length >= textsAtOnce) await encode();
    }
    await encode();
  } finally {
    cache.close();
  }
  pass.fields = fieldCounter.features();
  return pass;
}

export interface FirstPass {
  labels: (string | null)[];
  contactTypes: (string | null)[];
  groups: number[];
  idHashes: (string | null)[];
  fields: FieldFeature[];
  counter: NgramCounter;
  /** What the encoder made of each row's text: of its numbers those that are looked at */
  encoded: Float32Array[];
  hash: Hash;
  from: Date | null;
  until: Date | null;
}

/** The text without what differs between copies of one message: case, digits, punctuation, order of words. */
export const gist = (text: string): string =>
  (
    normalisedText(text)
      .slice(0, 5000)
      .match(/\p{L}+/gu) ?? [text]
  )
    .sort()
    .join(' ');
/** What the encoder makes of each text; computed only where the cache does not have it. */
export function encodedWith(encoder: Encoder, cache: EmbeddingCache, texts: readonly string[]): Float32Array[] {
  const keys = texts.map(textKey);
  const known = keys.map((key) => cache.get(key));
  const missing = [...known.keys()].filter((index) => !known[index]);
  const encoded = encoder.encode(missing.map((index) => texts[index] ?? ''));
  cache.put(missing.map((index, at) => ({ key: keys[index] ?? '', values: encoded[at] ?? new Float32Array() })));
  missing.forEach((index, at) => (known[index] = encoded[at] ?? null));
  return known.map((values) => values ?? new Float32Array(encoder.width));
}

export function places(values: readonly (string | null)[], names: readonly string[]): Int32Array {
  const place = new Map(names.map((name, index) => [name, index]));
  return Int32Array.from(values, (value) => (value === null ? -1 : (place.get(value) ?? -1)));
}

/** The encoder's five views help as long as there are not too many weights to learn from them. */
export const mostWeightsOfViews = 4000000;
/** … and they fit in memory beside everything else. */
export const mostNumbersOfViews = 200000000;
export const mostWeightsOfNgrams = 50000000;
export const fewestNgrams = 20000;
export const textsAtOnce = 2048;
