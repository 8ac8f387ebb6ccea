/**
 * The character map that SentencePiece compiles into a model (`precompiled_charsmap` of a tokenizer.json): which characters
 * a text is read as. A double-array trie of UTF-8 bytes, whose leaves are places in a list of replacements that end with a
 * zero byte. As the `Precompiled` normalizer of Hugging Face's tokenizers reads it.
 */

/** Longer clusters of characters are looked up one character at a time. */
const maxClusterBytes = 5;
/** Clusters seen are remembered: a text is made of few. */
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
    if (size % 4 !== 0 || 4 + size > bytes.length) throw new Error('its character map is cut short');
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

  /** Of the shortest beginning that the trie knows, as the reference has it; null where it knows none. */
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
 * Takes the character map out of a tokenizer's settings, which the tokenizer itself would only come near to.
 *
 * @returns what to do with a text before it is given to the tokenizer of the remaining settings
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
