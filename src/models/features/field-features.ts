/**
 * Structured fields, channel and language as numbers. Numbers are standardised, words are one-hot over the training vocabulary;
 * a missing value has a feature of its own, an unknown word is all zeros.
 */
import type { FieldValue, RankInput } from '../ranker.js';

/** Vocabulary of one field, most frequent first; rarer words count as unknown. */
const maxWords = 64;
/** A word in fewer tickets is noise. */
const minCount = 3;
/** Distinct words counted per field: an id has as many as there are tickets. */
const maxCountedWords = 10_000;
/** Weight of a field beside the text's features, which have length 1 */
const scale = 0.5;
/** Standard deviations at which outliers are clipped */
const maxDeviations = 3;

/** The helpdesk's own contact type, with --known-contact-type. No structured field can have this name. */
export const knownContactType = '@contactType';

/** `customer.*` fills placeholders; it is never a feature, even where it is named. */
export const isFeature = (name: string): boolean => !name.startsWith('customer.');

export interface FieldFeature {
  name: string;
  kind: 'number' | 'word';
  /** Vocabulary of a word field */
  words: string[];
  /** Of a number field */
  mean: number;
  deviation: number;
}

type FieldSource = Pick<RankInput, 'channel' | 'language' | 'contactType' | 'fields'>;

function fieldValue(ticket: FieldSource, name: string): FieldValue {
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

/** Counts the values of fields, ticket by ticket. */
export class FieldCounter {
  private readonly seen: Map<string, Seen>;
  private tickets = 0;

  /** @param names of structured fields; channel and language are always counted */
  constructor(names: readonly string[]) {
    const empty = (): Seen => ({ numbers: 0, sum: 0, squares: 0, words: new Map() });
    this.seen = new Map(['@channel', '@language', ...names].map((name) => [name, empty()]));
  }

  add(ticket: FieldSource): void {
    this.tickets += 1;
    for (const [name, stats] of this.seen) {
      const value = fieldValue(ticket, name);
      if (typeof value === 'number' && Number.isFinite(value)) {
        stats.numbers += 1;
        stats.sum += value;
        stats.squares += value * value;
      } else if (value !== null && stats.words.size < maxCountedWords) {
        const word = String(value);
        stats.words.set(word, (stats.words.get(word) ?? 0) + 1);
      }
    }
  }

  features(): FieldFeature[] {
    return [...this.seen].flatMap(([name, stats]) => this.toFeatures(name, stats));
  }

  private toFeatures(name: string, { numbers, sum, squares, words }: Seen): FieldFeature[] {
    const inWords = [...words.values()].reduce((total, count) => total + count, 0);
    if (numbers > inWords) {
      const mean = sum / numbers;
      const deviation = Math.sqrt(Math.max(squares / numbers - mean * mean, 0)) || 1;
      return [{ name, kind: 'number', words: [], mean, deviation }];
    }
    const kept = [...words]
      .filter(([, count]) => count >= minCount)
      .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
      .slice(0, maxWords)
      .map(([word]) => word);
    // The same word on every ticket carries no information.
    const isInformative = kept.length > 1 || (kept.length === 1 && inWords < this.tickets);
    return isInformative ? [{ name, kind: 'word', words: kept, mean: 0, deviation: 1 }] : [];
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
    const value = fieldValue(ticket, name);
    if (kind === 'number') {
      if (typeof value === 'number' && Number.isFinite(value)) {
        vector[start] =
          (scale * Math.max(-maxDeviations, Math.min(maxDeviations, (value - mean) / deviation))) / maxDeviations;
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
