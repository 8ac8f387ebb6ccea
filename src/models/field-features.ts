/**
 * Structured fields, channel and language as numbers. A number is scaled by what training saw, a word is one of the words
 * that training saw; a missing value has a feature of its own, an unseen word has none: it does no harm.
 */
import type { FieldValue, RankInput } from './ranker.js';

/** Words of one field, the most frequent first; rarer ones count as unseen. */
const mostWords = 64;
/** A word that fewer tickets have says nothing. */
const leastCount = 3;
/** Beside the text's features, which have length 1. */
const scale = 0.5;

export interface FieldFeature {
  name: string;
  kind: 'number' | 'word';
  /** Of a word field: which words have a feature. */
  words: string[];
  /** Of a number field. */
  mean: number;
  deviation: number;
}

type FieldSource = Pick<RankInput, 'channel' | 'language' | 'fields'>;

function valueOf({ channel, language, fields }: FieldSource, name: string): FieldValue {
  if (name === '@channel') return channel;
  if (name === '@language') return language;
  return Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;
}

/** Learns from training tickets, one by one, what the values of the named fields look like. */
export class FieldCounter {
  private readonly seen: Map<string, { numbers: number; sum: number; squares: number; words: Map<string, number> }>;

  /** @param names of structured fields; channel and language are always looked at */
  constructor(names: readonly string[]) {
    const empty = () => ({ numbers: 0, sum: 0, squares: 0, words: new Map<string, number>() });
    this.seen = new Map(['@channel', '@language', ...names].map((name) => [name, empty()]));
  }

  add(row: FieldSource): void {
    for (const [name, stats] of this.seen) {
      const value = valueOf(row, name);
      if (typeof value === 'number' && Number.isFinite(value)) {
        stats.numbers += 1;
        stats.sum += value;
        stats.squares += value * value;
      } else if (value !== null && stats.words.size < 10_000) {
        const word = String(value);
        stats.words.set(word, (stats.words.get(word) ?? 0) + 1);
      }
    }
  }

  features(): FieldFeature[] {
    return [...this.seen].flatMap(([name, { numbers, sum, squares, words }]): FieldFeature[] => {
      const inWords = [...words.values()].reduce((total, count) => total + count, 0);
      if (numbers > inWords) {
        const mean = sum / numbers;
        const deviation = Math.sqrt(Math.max(squares / numbers - mean * mean, 0)) || 1;
        return [{ name, kind: 'number', words: [], mean, deviation }];
      }
      const kept = [...words]
        .filter(([, count]) => count >= leastCount)
        .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
        .slice(0, mostWords)
        .map(([word]) => word);
      // The same word on every ticket tells none from another.
      return kept.length > 1 || (kept.length === 1 && inWords < this.total(name)) ? [{ name, kind: 'word', words: kept, mean: 0, deviation: 1 }] : [];
    });
  }

  private rows = 0;

  /** Counts the row itself; called once per ticket by `add`. */
  private total(_name: string): number {
    return this.rows;
  }
}
