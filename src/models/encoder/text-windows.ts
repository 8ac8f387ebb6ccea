/** Splits a text into windows of tokens, as the encoder's input length is limited. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { takeCharacterMap } from './character-map.js';

export const maxWindows = 16;
/** A very long text is reduced to 16 evenly spaced excerpts of this many characters. */
const excerptCharacters = 3_000;

/** The tokenizer's files can't be used. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
}

export class TextWindows {
  private constructor(
    private readonly tokenizer: Tokenizer,
    private readonly read: (text: string) => string,
    private readonly prefix: number[],
    private readonly suffix: number[],
    private readonly maxTokens: number,
  ) {}

  /** @param maxTokens of a window, special tokens included */
  static async open(encoderDir: string, maxTokens: number): Promise<TextWindows> {
    const file = join(encoderDir, 'tokenizer.json');
    try {
      const { settings, read } = takeCharacterMap(JSON.parse(await readFile(file, 'utf8')) as object);
      const more = await readFile(join(encoderDir, 'tokenizer_config.json'), 'utf8').catch(() => '{}');
      const tokenizer = new Tokenizer(settings, JSON.parse(more) as object);
      const plain = tokenizer.encode('a', { add_special_tokens: false }).ids;
      const marked = tokenizer.encode('a').ids;
      const start = marked.findIndex((_, index) => plain.every((id, offset) => marked[index + offset] === id));
      if (plain.length === 0 || start === -1) throw new Error('it does not add start and end tokens');
      return new TextWindows(tokenizer, read, marked.slice(0, start), marked.slice(start + plain.length), maxTokens);
    } catch (error) {
      throw new TokenizerError(`${file} can't be used: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** @returns token ids of each window; none for a text without tokens */
  split(text: string): number[][] {
    const room = this.maxTokens - this.prefix.length - this.suffix.length;
    const windows: number[][] = [];
    for (const place of takeExcerpts(text.toWellFormed())) {
      const { ids } = this.tokenizer.encode(this.read(place), { add_special_tokens: false });
      for (let start = 0; start < ids.length; start += room) {
        windows.push([...this.prefix, ...ids.slice(start, start + room), ...this.suffix]);
      }
    }
    return sampleEvenly(windows, maxWindows);
  }
}

/** The text, or excerpts of a very long one: tokenising all of it would take seconds. */
function takeExcerpts(text: string): string[] {
  if (text.length <= maxWindows * excerptCharacters) return [text];
  const step = (text.length - excerptCharacters) / (maxWindows - 1);
  return Array.from({ length: maxWindows }, (_, index) => {
    const start = Math.round(index * step);
    return text.slice(start, start + excerptCharacters).toWellFormed();
  });
}

/** At most `count` of the items, the first and the last among them. */
function sampleEvenly<T>(items: T[], count: number): T[] {
  if (items.length <= count) return items;
  return items.filter((_, index) => {
    const place = (at: number): number => Math.floor((at * count) / items.length);
    return index === 0 || place(index) !== place(index - 1);
  });
}
