/** Templates' own texts as training examples: with few labels, each template's text is one more. */
import type { Encoder } from '../encoder/encoder.js';
import type { TicketFeatures } from '../features/ticket-features.js';
import type { TrainingData } from './training-data.js';

/** Rows that the test of informativeness uses */
const maxRows = 1_000;
/** Minimum chance-corrected accuracy of the texts alone to use them as examples: ids without texts can be random. */
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
 * @param rows labelled training rows
 * @param likeness of those of them that are asked for to each template, [rows, classes]
 * @returns whether the texts alone find the right template often enough to train on them
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
