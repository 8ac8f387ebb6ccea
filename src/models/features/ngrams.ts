/**
 * Words and pieces of words as weighted features: TF-IDF with sublinear counts, of single words and pairs, and of two to
 * five characters within a word, each of the two kinds scaled to length 1.
 */
import type { SparseRow } from './sparse-matrix.js';

const shortestPiece = 2;
const longestPiece = 5;
/** A longer run without a space (a token, a URL, a text in a script without spaces) is cut into parts of this length. */
const longestWord = 64;
/** While counting, features seen once are forgotten when more than this many are known. */
const mostCounted = 3_000_000;

/** Kinds keep apart by their first character: `w` words, `c` characters. */
type Counts = Map<string, number>;

export function normalisedText(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function add(counts: Counts, key: string, times: number): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}

/** The n-grams of a text and how often each stands in it. Work grows with the number of different words, not of words. */
export function ngramsOf(text: string): { words: Counts; pieces: Counts } {
  const normalised = normalisedText(text);
  const words: Counts = new Map();
  let previous: string | null = null;
  for (const [word] of normalised.matchAll(/[\p{L}\p{N}_]{1,64}/gu)) {
    add(words, `w${word}`, 1);
    if (previous !== null) add(words, `w${previous} ${word}`, 1);
    previous = word;
  }
  const runs: Counts = new Map();
  for (const [run] of normalised.matchAll(/\S{1,64}/gu)) add(runs, run.slice(0, 2 * longestWord), 1);
  const pieces: Counts = new Map();
  for (const [run, times] of runs) {
    const padded = ` ${run} `;
    for (let length = shortestPiece; length <= longestPiece; length += 1) {
      if (padded.length <= length) {
        // A word shorter than the piece counts once, as the whole that it is.
        add(pieces, `c${padded}`, times);
        break;
      }
      for (let at = 0; at + length <= padded.length; at += 1) add(pieces, `c${padded.slice(at, at + length)}`, times);
    }
  }
  return { words, pieces };
}

/** Counts in how many texts each feature stands. */
export class NgramCounter {
  private readonly documents: Counts = new Map();
  private texts = 0;

  add(text: string): void {
    this.texts += 1;
    const { words, pieces } = ngramsOf(text);
    for (const key of words.keys()) add(this.documents, key, 1);
    for (const key of pieces.keys()) add(this.documents, key, 1);
    if (this.documents.size > mostCounted) this.prune(2);
  }

  /** @param mostFeatures the features that stand in the most texts are kept, and of equals the first in the alphabet */
  vocabulary(mostFeatures: number): NgramVocabulary {
    let kept = [...this.documents];
    if (kept.length > mostFeatures) {
      kept.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
      kept = kept.slice(0, mostFeatures);
    }
    kept.sort(([a], [b]) => (a < b ? -1 : 1));
    const rarity = Float32Array.from(kept, ([, count]) => rarityIn(this.texts, count));
    return new NgramVocabulary(
      kept.map(([key]) => key),
      rarity,
    );
  }

  private prune(least: number): void {
    for (const [key, count] of this.documents) if (count < least) this.documents.delete(key);
  }
}

/** Inverse document frequency of what stands in `count` of `texts`. */
export const rarityIn = (texts: number, count: number): number => Math.log((1 + texts) / (1 + count)) + 1;

export class NgramVocabulary {
  private readonly places: Map<string, number>;

  /** @param rarity inverse document frequency of each feature, [features] */
  constructor(
    readonly features: readonly string[],
    readonly rarity: Float32Array,
  ) {
    this.places = new Map(features.map((key, index) => [key, index]));
  }

  get size(): number {
    return this.features.length;
  }

  /** @returns the inverse document frequency of a feature; null for one that it does not have */
  rarityOf(feature: string): number | null {
    const place = this.places.get(feature);
    return place === undefined ? null : (this.rarity[place] as number);
  }

  /** @returns the text's features, columns ascending; unknown n-grams are left out */
  row(text: string): SparseRow {
    const { words, pieces } = ngramsOf(text);
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
      const place = this.places.get(key);
      if (place === undefined) continue;
      const value = (1 + Math.log(times)) * (this.rarity[place] ?? 0);
      squares += value * value;
      entries.push([place, value]);
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (const entry of entries) entry[1] *= scale;
    return entries;
  }
}
