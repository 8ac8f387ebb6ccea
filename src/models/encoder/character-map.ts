/**
 * SentencePiece's compiled character map (`precompiled_charsmap` of a tokenizer.json), which normalises characters. A double-array
 * trie of UTF-8 bytes, whose leaves are offsets into a list of zero-terminated replacements. Same result as the `Precompiled`
 * normalizer of Hugging Face's tokenizers.
 */

/** Longer grapheme clusters are looked up character by character, as in the reference. */
const maxClusterBytes = 5;
/** Cached clusters: texts consist of few distinct ones. */
const maxCachedClusters = 50_000;

export class CharacterMap {
  private readonly trie: Uint32Array;
  private readonly replacements: Buffer;
  private readonly seen = new Map<string, string>();
  private readonly segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

  /** @param compiled base64: the trie's size in bytes as uint32, the trie, the replacements; all little-endian */
  constructor(compiled: string) {
    const bytes = Buffer.from(compiled, 'base64');
    const size = bytes.readUInt32LE(0);
    if (size % 4 !== 0 || 4 + size > bytes.length) throw new Error('its character map is truncated');
    this.trie = new Uint32Array(size / 4);
    for (let at = 0; at < this.trie.length; at += 1) this.trie[at] = bytes.readUInt32LE(4 + 4 * at);
    this.replacements = bytes.subarray(4 + size);
  }

  apply(text: string): string {
    let result = '';
    for (const { segment } of this.segmenter.segment(text)) {
      let read = this.seen.get(segment);
      if (read === undefined) {
        read = this.read(segment);
        if (this.seen.size < maxCachedClusters) this.seen.set(segment, read);
      }
      result += read;
    }
    return result;
  }

  private read(cluster: string): string {
    if (Buffer.byteLength(cluster) <= maxClusterBytes) {
      const whole = this.replacement(cluster);
      if (whole !== null) return whole;
    }
    return Array.from(cluster, (character) => this.replacement(character) ?? character).join('');
  }

  /** Replacement of the shortest prefix in the trie, as in the reference; null without one. */
  private replacement(key: string): string | null {
    let place = nodeOffset(this.trie[0] ?? 0);
    for (const byte of Buffer.from(key)) {
      place ^= byte;
      const unit = this.trie[place] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return null;
      place ^= nodeOffset(unit);
      if (((unit >>> 8) & 1) === 0) continue;
      const start = (this.trie[place] ?? 0) & 0x7fffffff;
      return this.replacements.toString('utf8', start, this.replacements.indexOf(0, start));
    }
    return null;
  }
}

const nodeOffset = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);

interface Normalizer {
  type?: string;
  normalizers?: Normalizer[];
  precompiled_charsmap?: string;
}

/**
 * Takes the character map out of a tokenizer's settings; the tokenizer's own version only approximates it.
 *
 * @returns the remaining settings, and the normalisation to apply to a text before tokenising it
 */
export function takeCharacterMap(settings: { normalizer?: Normalizer | null }): {
  settings: object;
  read: (text: string) => string;
} {
  const { normalizer } = settings;
  const [first, ...rest] = normalizer?.type === 'Sequence' ? (normalizer.normalizers ?? []) : [normalizer];
  if (first?.type !== 'Precompiled' || !first.precompiled_charsmap) return { settings, read: (text) => text };
  const map = new CharacterMap(first.precompiled_charsmap);
  const remaining = rest.length === 0 ? null : { ...normalizer, normalizers: rest };
  return { settings: { ...settings, normalizer: remaining }, read: (text) => map.apply(text) };
}
