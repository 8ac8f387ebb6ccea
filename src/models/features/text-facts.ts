/** What is watched of a text beside its meaning: its length, how much of it a model does not know, and whether it is a copy. */
import { normalisedText, rarityIn, type NgramVocabulary } from './ngrams.js';
import { hash32 } from '../../statistics/random.js';
import type { RankInput, TextFacts } from '../ranker.js';
import { ticketText } from './ticket-text.js';

/** Long texts that are nearly the same have one of them in common (locality-sensitive hashing; Indyk & Motwani, STOC 1998). */
export const copyBands = 8;
/** Minima of a band: of texts that share nine of ten words all but a few have a band in common, of those that share half one in ten. */
const rowsOfABand = 6;

/** More of a text than that is not compared. */
const mostWords = 2_000;
/** Of two texts that share nine of ten words six in ten have the same fingerprint, of those that share half three in a hundred. */
const parts = 5;
/** Texts of fewer different words are alike by what many customers say anyway: only those of the same words are copies. */
const fewestCompared = 12;

/**
 * The fingerprint is made of MinHashes (Broder 1997) of the set of words, digits masked: a number that is another in every copy is
 * none. Of a short text it is the set itself.
 *
 * @param isKnown whether a model knows a word; null where it has no vocabulary
 */
export function textFacts(
  input: Pick<RankInput, 'subject' | 'body'>,
  isKnown: ((word: string) => boolean) | null,
): TextFacts {
  const hashes = new Set<number>();
  let [words, unknown, compared] = [0, 0, 0];
  for (const [word] of normalisedText(ticketText(input)).matchAll(/[\p{L}\p{N}_]{1,64}/gu)) {
    words += 1;
    if (compared >= mostWords) continue;
    compared += 1;
    if (isKnown && !isKnown(word)) unknown += 1;
    hashes.add(hash32(word.replaceAll(/\p{N}+/gu, '0')));
  }
  return {
    words,
    unknownShare: isKnown && words > 0 ? unknown / compared : null,
    fingerprint: fingerprintOf(hashes),
  };
}

function fingerprintOf(hashes: ReadonlySet<number>): string {
  if (hashes.size < fewestCompared) {
    const all = [...hashes].sort((a, b) => a - b).join();
    return `${hash32(all).toString(36)}-${hash32(all, 1).toString(36)}`;
  }
  const least = new Uint32Array(copyBands * rowsOfABand).fill(0xffff_ffff);
  for (const hash of hashes) {
    for (let part = 0; part < least.length; part += 1) {
      const mixed = mix(hash ^ Math.imul(part + 1, 0x9e3779b1));
      if (mixed < (least[part] as number)) least[part] = mixed;
    }
  }
  const bands = Array.from({ length: copyBands }, (_, band) =>
    least
      .subarray(band * rowsOfABand, (band + 1) * rowsOfABand)
      .reduce((all, hash) => mix(Math.imul(all, 31) ^ hash), band),
  );
  return [[...least.subarray(0, parts)], bands]
    .map((some) => some.map((hash) => hash.toString(36)).join('-'))
    .join('~');
}

export const knownWords =
  (vocabulary: NgramVocabulary): ((word: string) => boolean) =>
  (word) =>
    vocabulary.rarityOf(`w${word}`) !== null;

/** As if the text at hand had been no part of the `texts` that the vocabulary was made of: a word of one text only is unknown. */
export function knownFromOthers(vocabulary: NgramVocabulary, texts: number): (word: string) => boolean {
  const rarest = (rarityIn(texts, 1) + rarityIn(texts, 2)) / 2;
  return (word) => (vocabulary.rarityOf(`w${word}`) ?? Infinity) < rarest;
}

function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
