/**
 * Structured fields, channel and language as numbers. A number is scaled by what training saw, a word is one of the words
 * that training saw; a missing value has a feature of its own, an unseen word has none: it does no harm.
 */
import type { FieldValue, RankInput } from '../ranker.js';

/** Words of one field, the most frequent first; rarer ones count as unseen. */
const mostWords = 64;
/** A word that fewer tickets have says nothing. */
const leastCount = 3;
/** Different words of a field that are counted: an id has as many as there are tickets. */
const mostCounted = 10_000;
/** Beside the text's features, which have length 1. */
const scale = 0.5;
/** A number far outside of what training saw counts as this many deviations. */
const farthest = 3;

/** The helpdesk's own contact type, where a training may know it. Like channel and language, no field can have this name. */
export const knownContactType = '@contactType';

/** `customer.*` fills placeholders: it is never looked at, even where it is named. */
export const isFeature = (name: string): boolean => !name.startsWith('customer.');

export interface FieldFeature {
  name: string;
  kind: 'number' | 'word';
  /** Of a word field: which words have a feature. */
  words: string[];
  /** Of a number field. */
  mean: number;
  deviation: number;
}

type FieldSource = Pick<RankInput, 'channel' | 'language' | 'contactType' | 'fields'>;

function valueOf(ticket: FieldSource, name: string): FieldValue {
  if (name === '@channel') return ticket.channel;
  if (name === '@language') return ticket.language;
  if (name === knownContactType) return ticket.contactType;
  return Object.hasOwn(ticket.fields, name) ? (ticket.fields[name] ?? null) : null;
}

interface Seen {
  numbers: number;
  sum: number;
  squares: number;
  words: Map<string, number>;
}

/** Learns from training tickets, one by one, what the values of the named fields look like. */
export class FieldCounter {
  private readonly seen: Map<string, Seen>;
  private tickets = 0;

  /** @param names of structured fields; channel and language are always looked at */
  constructor(names: readonly string[]) {
    const empty = (): Seen => ({ numbers: 0, sum: 0, squares: 0, words: new Map() });
    this.seen = new Map(['@channel', '@language', ...names].map((name) => [name, empty()]));
  }

  add(ticket: FieldSource): void {
    this.tickets += 1;
    for (const [name, stats] of this.seen) {
      const value = valueOf(ticket, name);
      if (typeof value === 'number' && Number.isFinite(value)) {
        stats.numbers += 1;
        stats.sum += value;
        stats.squares += value * value;
      } else if (value !== null && stats.words.size < mostCounted) {
        const word = String(value);
        stats.words.set(word, (stats.words.get(word) ?? 0) + 1);
      }
    }
  }

  features(): FieldFeature[] {
    return [...this.seen].flatMap(([name, stats]) => this.featureOf(name, stats));
  }

  private featureOf(name: string, { numbers, sum, squares, words }: Seen): FieldFeature[] {
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
    const tells = kept.length > 1 || (kept.length === 1 && inWords < this.tickets);
    return tells ? [{ name, kind: 'word', words: kept, mean: 0, deviation: 1 }] : [];
  }
}

/** Numbers in a ticket's field vector. */
export function fieldWidth(features: readonly FieldFeature[]): number {
  return features.reduce((width, { kind, words }) => width + (kind === 'number' ? 2 : words.length + 1), 0);
}

/** @returns [fieldWidth(features)] */
export function fieldVector(features: readonly FieldFeature[], ticket: FieldSource): Float32Array {
  const vector = new Float32Array(fieldWidth(features));
  let start = 0;
  for (const { name, kind, words, mean, deviation } of features) {
    const value = valueOf(ticket, name);
    if (kind === 'number') {
      if (typeof value === 'number' && Number.isFinite(value)) {
        vector[start] = (scale * Math.max(-farthest, Math.min(farthest, (value - mean) / deviation))) / farthest;
      } else vector[start + 1] = scale;
      start += 2;
    } else {
      const place = value === null ? words.length : words.indexOf(String(value));
      if (place !== -1) vector[start + place] = scale;
      start += words.length + 1;
    }
  }
  return vector;
}
