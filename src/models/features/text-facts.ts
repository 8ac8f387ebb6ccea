/** Facts of a text beside its meaning, for monitoring: length, out-of-vocabulary share, and a fingerprint that finds copies. */
import { normalisedText, inverseDocumentFrequency, type NgramVocabulary } from './ngrams.js';
import { hash32 } from '../../statistics/random.js';
import type { RankInput, TextFacts } from '../ranker.js';
import { ticketText } from './ticket-text.js';

/** Long near-duplicates share at least one band (locality-sensitive hashing; Indyk & Motwani, STOC 1998). */
export const copyBands = 8;
/** MinHashes per band: nearly all texts that share nine of ten words share a band; of texts that share half, one in ten does. */
const rowsPerBand = 6;

/** Words of a text that are compared */
const maxWords = 2_000;
/** MinHashes in the fingerprint: equal for six in ten texts that share nine of ten words, for three in a hundred that share half. */
const fingerprintParts = 5;
/** Shorter texts are similar by chance; only texts of the same words are copies. */
const minWordsForMinHash = 12;

/**
 * The fingerprint is MinHashes (Broder 1997) of the set of words with digits masked, since numbers differ from copy to copy; for a
 * short text it is the hash of the set.
 *
 * @param isKnown whether a word is in the vocabulary; null without a vocabulary
 */
export function textFacts(
  input: Pick<RankInput, 'subject' | 'body'>,
  isKnown: ((word: string) => boolean) | null,
): TextFacts {
  const hashes = new Set<number>();
  let [words, unknown, compared] = [0, 0, 0];
  for (const [word] of normalisedText(ticketText(input)).matchAll(/[\p{L}\p{N}_]{1,64}/gu)) {
    words += 1;
    if (compared >= maxWords) continue;
    compared += 1;
    if (isKnown && !isKnown(word)) unknown += 1;
    hashes.add(hash32(word.replaceAll(/\p{N}+/gu, '0')));
  }
  return {
    words,
    unknownShare: isKnown && words > 0 ? unknown / compared : null,
    fingerprint: fingerprint(hashes),
  };
}

function fingerprint(hashes: ReadonlySet<number>): string {
  if (hashes.size < minWordsForMinHash) {
    const all = [...hashes].sort((a, b) => a - b).join();
    return `${hash32(all).toString(36)}-${hash32(all, 1).toString(36)}`;
  }
  const least = new Uint32Array(copyBands * rowsPerBand).fill(0xffff_ffff);
  for (const hash of hashes) {
    for (let part = 0; part < least.length; part += 1) {
      const mixed = mix(hash ^ Math.imul(part + 1, 0x9e3779b1));
      if (mixed < least[part]!) least[part] = mixed;
    }
  }
  const bands = Array.from({ length: copyBands }, (_, band) =>
    least
      .subarray(band * rowsPerBand, (band + 1) * rowsPerBand)
      .reduce((all, hash) => mix(Math.imul(all, 31) ^ hash), band),
  );
  return [[...least.subarray(0, fingerprintParts)], bands]
    .map((some) => some.map((hash) => hash.toString(36)).join('-'))
    .join('~');
}

export const isKnownWord =
  (vocabulary: NgramVocabulary): ((word: string) => boolean) =>
  (word) =>
    vocabulary.idfOf(`w${word}`) !== null;

/** For a text of the training data: a word that only this text has counts as unknown. */
export function isKnownWithoutText(vocabulary: NgramVocabulary, texts: number): (word: string) => boolean {
  const rarest = (inverseDocumentFrequency(texts, 1) + inverseDocumentFrequency(texts, 2)) / 2;
  return (word) => (vocabulary.idfOf(`w${word}`) ?? Infinity) < rarest;
}

function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
