import { isWordCharacter } from './characters.js';
import { barrier } from './readable-text.js';
import type { Marker, Span } from './spans.js';

/** A value that only the words before it give away */
export interface BesideWords {
  /** In small letters; a word of letters ends where it ends here */
  words: readonly string[];
  /** The value; sticky */
  value: RegExp;
  /** The value may start with letters that touch its first digit. */
  hasLetters?: boolean;
}

/** Between the word and its value, characters; a sentence or a list ends before. */
const maxGap = 18;
const gap = new RegExp(`[^\\d\\n.!?;,${barrier}]`, 'u');
/** "no.", "nr.", "date:" and the like end with a dot that ends no sentence. */
const patterns = new WeakMap<BesideWords, RegExp>();

function wordPattern(beside: BesideWords): RegExp {
  let pattern = patterns.get(beside);
  if (!pattern) {
    const escaped = beside.words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`));
    patterns.set(beside, (pattern = new RegExp(escaped.sort((a, b) => b.length - a.length).join('|'), 'g')));
  }
  return pattern;
}

/** Values that stand at most a few words after one of the words that name them. */
export function findBeside(text: string, lower: string, beside: BesideWords, marker: Marker): Span[] {
  const found: Span[] = [];
  let done = 0;
  for (const { index, 0: word } of lower.matchAll(wordPattern(beside))) {
    const end = index + word.length;
    if (index < done || isInsideWord(lower, index, end)) continue;
    const digit = firstDigit(text, end);
    if (digit === null) continue;
    const start = beside.hasLetters ? lettersStart(text, digit, end) : digit;
    beside.value.lastIndex = start;
    if (!beside.value.test(text)) continue;
    done = beside.value.lastIndex;
    if (isWordCharacter(text, done)) continue;
    found.push({ start, end: done, marker });
  }
  return found;
}

/** Letters of a script without spaces may touch the word, and the word may touch them. */
const isInsideWord = (text: string, start: number, end: number): boolean =>
  (isWordCharacter(text, start - 1) && isWordCharacter(text, start)) ||
  (isWordCharacter(text, end) && isWordCharacter(text, end - 1) && !/\d/.test(text.charAt(end)));

/** Start of the letters that touch a digit. */
function lettersStart(text: string, digit: number, from: number): number {
  let start = digit;
  while (start > from && /[A-Za-z]/.test(text.charAt(start - 1))) start -= 1;
  return start;
}

/** The first digit after a word, if nothing but a short gap is between; null without one. */
function firstDigit(text: string, from: number): number | null {
  let at = from;
  if (text.charAt(at) === '.') at += 1;
  for (; at < text.length && at - from <= maxGap; at += 1) {
    const character = text.charAt(at);
    if (/\d/.test(character)) return at;
    if (!gap.test(character)) return null;
  }
  return null;
}
