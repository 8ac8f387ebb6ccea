/** The input of the heads: embedding and fields (dense), n-grams and fields (sparse). */
import { fieldVector, fieldWidth, type FieldFeature } from './field-features.js';
import type { NgramVocabulary } from './ngrams.js';
import type { RankInput } from '../ranker.js';
import type { SparseRow } from './sparse-matrix.js';
import { ticketText } from './ticket-text.js';

export class TicketFeatures {
  constructor(
    /** How many of the encoder's numbers are used: the embedding alone, or all views */
    readonly views: number,
    readonly vocabulary: NgramVocabulary,
    readonly fields: readonly FieldFeature[],
  ) {}

  get denseWidth(): number {
    return this.views + fieldWidth(this.fields);
  }

  get sparseWidth(): number {
    return this.vocabulary.size + fieldWidth(this.fields);
  }

  /** @param encoded the encoder's output for the text, [encoder.width] */
  dense(ticket: RankInput, encoded: Float32Array): Float32Array {
    const vector = new Float32Array(this.denseWidth);
    vector.set(encoded.subarray(0, this.views));
    vector.set(fieldVector(this.fields, ticket), this.views);
    return vector;
  }

  sparse(ticket: RankInput): SparseRow {
    const { columns, values } = this.vocabulary.row(ticketText(ticket));
    const fields = fieldVector(this.fields, ticket);
    const filled = [...fields.keys()].filter((place) => fields[place] !== 0);
    return {
      columns: Int32Array.from([...columns, ...filled.map((place) => this.vocabulary.size + place)]),
      values: Float32Array.from([...values, ...filled.map((place) => fields[place] ?? 0)]),
    };
  }
}

/**
 * Dot products of one embedding with many, all of length 1. Four partial sums let the processor overlap them: with thousands of
 * templates this is most of the time of a ranking.
 *
 * @param others [count, size], size a multiple of 4
 * @returns dot products, [count]
 */
export function cosines(embedding: Float32Array, others: Float32Array): Float64Array {
  const size = embedding.length;
  const products = new Float64Array(others.length / size);
  for (let place = 0, base = 0; place < products.length; place += 1) {
    let [first, second, third, fourth] = [0, 0, 0, 0];
    for (let at = 0; at < size; at += 4, base += 4) {
      first += embedding[at]! * others[base]!;
      second += embedding[at + 1]! * others[base + 1]!;
      third += embedding[at + 2]! * others[base + 2]!;
      fourth += embedding[at + 3]! * others[base + 3]!;
    }
    products[place] = first + second + third + fourth;
  }
  return products;
}

/** Dot product of two embeddings of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum;
}
