/** Similarity of each ticket to the nearest known one, which shows new topics that softmax confidence hides. */

/** More known tickets cost more time than they improve the similarity. */
const maxKnown = 1_000;

/**
 * Largest cosine of each vector to those of known tickets; 0 for a ticket without an embedding.
 *
 * @param known evenly spaced ones of them are used
 */
export function maxSimilarityTo(
  known: readonly (Float32Array | null)[],
  vectors: readonly (Float32Array | null)[],
): Float64Array {
  const bank = sampleKnown(known);
  return Float64Array.from(vectors, (vector) => maxCosine(vector, bank, -1));
}

/** The same of the known tickets themselves, each against the others. */
export function maxSimilarityAmong(known: readonly (Float32Array | null)[]): Float64Array {
  const bank = sampleKnown(known);
  return Float64Array.from(known, (vector, own) => maxCosine(vector, bank, own));
}

interface Known {
  vector: Float32Array;
  index: number;
}

function sampleKnown(known: readonly (Float32Array | null)[]): Known[] {
  const all = known.flatMap((vector, index) => (vector ? [{ vector, index }] : []));
  const step = Math.max(1, all.length / maxKnown);
  return Array.from({ length: Math.min(all.length, maxKnown) }, (_, at) => all[Math.floor(at * step)] as Known);
}

function maxCosine(vector: Float32Array | null, bank: readonly Known[], own: number): number {
  if (!vector) return 0;
  let most = -1;
  for (const { vector: other, index } of bank) if (index !== own) most = Math.max(most, dot(vector, other));
  return most;
}

export function dot(a: Float32Array, b: Float32Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let at = 0; at < whole; at += 4) {
    first += a[at]! * b[at]!;
    second += a[at + 1]! * b[at + 1]!;
    third += a[at + 2]! * b[at + 2]!;
    fourth += a[at + 3]! * b[at + 3]!;
  }
  for (let at = whole; at < a.length; at += 1) first += a[at]! * b[at]!;
  return first + second + third + fourth;
}
