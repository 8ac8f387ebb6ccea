/** What the templates say, as examples beside the labelled tickets: with few labels a template's own text is one more. */
import type { Encoder } from '../encoder/encoder.js';
import type { TicketFeatures } from '../features/ticket-features.js';
import type { TrainingData } from './training-data.js';

/** Looked at to tell whether the texts say anything. */
const maxRows = 1_000;
/** Share of tickets beyond chance whose template the texts alone must find, so that they are examples: ids may be random. */
const minAccuracy = 0.2;

/** @returns the texts as tickets without fields, [texts, features.denseWidth] */
export function encodeTemplates(encoder: Encoder, features: TicketFeatures, texts: readonly string[]): Float32Array {
  const rows = new Float32Array(texts.length * features.denseWidth);
  encoder.encode(texts).forEach((views, index) => {
    rows.set(views.subarray(0, features.views), index * features.denseWidth);
  });
  return rows;
}

/** @returns the embedding of each class's template */
export function templateEmbeddings({ dense, embeddingSize, classes }: TrainingData): Float32Array[] {
  return classes.map((_, label) => dense.templates.subarray(label * dense.width, label * dense.width + embeddingSize));
}

/**
 * @param rows labelled ones, to learn from
 * @param likeness of those of them that are asked for to each template, [rows, classes]
 * @returns whether the templates' texts find the right one so often that they are worth to be learned from
 */
export function areTemplatesInformative(
  { labels, classes }: TrainingData,
  rows: Int32Array,
  likeness: (some: Int32Array) => Float32Array,
): boolean {
  const step = Math.max(1, Math.floor(rows.length / maxRows));
  const some = rows.filter((_, index) => index % step === 0);
  const scores = likeness(some);
  let found = 0;
  some.forEach((row, index) => {
    const own = scores.subarray(index * classes.length, (index + 1) * classes.length);
    if (own.indexOf(own.reduce((a, b) => Math.max(a, b), -Infinity)) === labels[row]) found += 1;
  });
  const chance = 1 / classes.length;
  return (found / Math.max(1, some.length) - chance) / (1 - chance) >= minAccuracy;
}
