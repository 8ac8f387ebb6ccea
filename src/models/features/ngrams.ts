/**
 * Word and character n-grams as TF-IDF features with sublinear counts: words and word pairs, and two to five characters within
 * a word; each of the two kinds is scaled to length 1.
 */
import type { SparseRow } from './sparse-matrix.js';

const minCharacters = 2;
const maxCharacters = 5;
/** Longer runs without a space (tokens, URLs, scripts without spaces) are cut at this length. */
const maxRunLength = 64;
/** While counting, features seen once are dropped when there are more than this. */
const maxCountedNgrams = 3_000_000;

/** The first character is the kind: `w` words, `c` characters. */
type Counts = Map<string, number>;

export function normalisedText(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function add(counts: Counts, key: string, times: number): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}

/** Counts the n-grams of a text. The work grows with the number of distinct words. */
export function countNgrams(text: string): { words: Counts; pieces: Counts } {
  const normalised = normalisedText(text);
  const words: Counts = new Map();
  let previous: string | null = null;
  for (const [word] of normalised.matchAll(/[\p{L}\p{N}_]{1,64}/gu)) {
    add(words, `w${word}`, 1);
    if (previous !== null) add(words, `w${previous} ${word}`, 1);
    previous = word;
  }
  const runs: Counts = new Map();
  for (const [run] of normalised.matchAll(/\S{1,64}/gu)) add(runs, run.slice(0, 2 * maxRunLength), 1);
  const pieces: Counts = new Map();
  for (const [run, times] of runs) {
    const padded = ` ${run} `;
    for (let length = minCharacters; length <= maxCharacters; length += 1) {
      if (padded.length <= length) {
        // A word shorter than the n-gram counts once, as a whole.
        add(pieces, `c${padded}`, times);
        break;
      }
      for (let at = 0; at + length <= padded.length; at += 1) add(pieces, `c${padded.slice(at, at + length)}`, times);
    }
  }
  return { words, pieces };
}

/** Counts document frequencies. */
export class NgramCounter {
  private readonly documents: Counts = new Map();
  private texts = 0;

  add(text: string): void {
    this.texts += 1;
    const { words, pieces } = countNgrams(text);
    for (const key of words.keys()) add(this.documents, key, 1);
    for (const key of pieces.keys()) add(this.documents, key, 1);
    if (this.documents.size > maxCountedNgrams) this.prune(2);
  }

  /** @param maxFeatures the most frequent features are kept, ties in alphabetical order */
  vocabulary(maxFeatures: number): NgramVocabulary {
    let kept = [...this.documents];
    if (kept.length > maxFeatures) {
      kept.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
      kept = kept.slice(0, maxFeatures);
    }
    kept.sort(([a], [b]) => (a < b ? -1 : 1));
    const idf = Float32Array.from(kept, ([, count]) => inverseDocumentFrequency(this.texts, count));
    return new NgramVocabulary(
      kept.map(([key]) => key),
      idf,
    );
  }

  private prune(minCount: number): void {
    for (const [key, count] of this.documents) if (count < minCount) this.documents.delete(key);
  }
}

/** Smoothed, of a feature in `count` of `texts`; never 0, so that a feature of all texts still counts. */
export const inverseDocumentFrequency = (texts: number, count: number): number =>
  Math.log((1 + texts) / (1 + count)) + 1;

export class NgramVocabulary {
  private readonly indices: Map<string, number>;

  /** @param idf inverse document frequency of each feature, [features] */
  constructor(
    readonly features: readonly string[],
    readonly idf: Float32Array,
  ) {
    this.indices = new Map(features.map((key, index) => [key, index]));
  }

  get size(): number {
    return this.features.length;
  }

  /** @returns null for a feature outside the vocabulary */
  idfOf(feature: string): number | null {
    const place = this.indices.get(feature);
    return place === undefined ? null : this.idf[place]!;
  }

  /** @returns the text's features, columns ascending; unknown n-grams are left out */
  row(text: string): SparseRow {
    const { words, pieces } = countNgrams(text);
    const entries = [...this.weighted(words), ...this.weighted(pieces)].sort((a, b) => a[0] - b[0]);
    return {
      columns: Int32Array.from(entries, ([column]) => column),
      values: Float32Array.from(entries, ([, value]) => value),
    };
  }

  private weighted(counts: Counts): [number, number][] {
    const entries: [number, number][] = [];
    let squares = 0;
    for (const [key, times] of counts) {
      const place = this.indices.get(key);
      if (place === undefined) continue;
      const value = (1 + Math.log(times)) * (this.idf[place] ?? 0);
      squares += value * value;
      entries.push([place, value]);
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (const entry of entries) entry[1] *= scale;
    return entries;
  }
}
