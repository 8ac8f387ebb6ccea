import { isDigit, isWordCharacter } from './characters.js';

/** Also the Japanese sign for a long vowel, which is written for a hyphen */
const separators = new Set(Array.from(' ()./-\u30fc', (character) => character.charCodeAt(0)));
const maxSeparators = 3;

/**
 * The groups of consecutive digits of a text. Groups with at most three separators between them are a chain: neighbours in it may be
 * parts of one number. Arrays and running sums, because a hostile text has a group for every two characters.
 */
export class DigitGroups {
  /** Places of each group in the text, `end` excluded */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** All digits of the text */
  readonly digits: string;
  /** Digits before each group, and groups of one digit before it; one entry more than groups */
  readonly digitsBefore: number[] = [0];
  readonly singlesBefore: number[] = [0];
  private readonly linked: boolean[] = [];

  constructor(text: string) {
    const digits: string[] = [];
    for (let at = 0; at < text.length; at += 1) {
      if (!isDigit(text, at)) continue;
      const start = at;
      while (isDigit(text, at + 1)) at += 1;
      this.add(text, start, at + 1);
      digits.push(text.slice(start, at + 1));
    }
    this.digits = digits.join('');
  }

  get count(): number {
    return this.starts.length;
  }

  /** Whether the next group is in the same chain. */
  continues(group: number): boolean {
    return this.linked[group] === true;
  }

  /** The first digit of a group. */
  firstDigit(group: number): string {
    return this.digits.charAt(this.digitsBefore[group]!);
  }

  /** The digits of consecutive groups, both included. */
  digitsOf(first: number, last: number): string {
    return this.digits.slice(this.digitsBefore[first], this.digitsBefore[last + 1]);
  }

  digitCount(first: number, last: number): number {
    return this.digitsBefore[last + 1]! - this.digitsBefore[first]!;
  }

  /** How many of consecutive groups have one digit. */
  singleCount(first: number, last: number): number {
    return this.singlesBefore[last + 1]! - this.singlesBefore[first]!;
  }

  private add(text: string, start: number, end: number): void {
    const place = this.count;
    if (place > 0) this.linked.push(areSeparators(text, this.ends[place - 1]!, start));
    this.starts.push(start);
    this.ends.push(end);
    this.digitsBefore.push(this.digitsBefore[place]! + end - start);
    this.singlesBefore.push(this.singlesBefore[place]! + (end - start === 1 ? 1 : 0));
  }
}

function areSeparators(text: string, from: number, to: number): boolean {
  if (to - from > maxSeparators) return false;
  for (let at = from; at < to; at += 1) if (!separators.has(text.charCodeAt(at))) return false;
  return true;
}

/** Whether no word touches the span. */
export function standsAlone(text: string, start: number, end: number): boolean {
  return !isWordCharacter(text, start - 1) && !isWordCharacter(text, end);
}
