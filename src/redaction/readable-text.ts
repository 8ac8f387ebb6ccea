/**
 * A text as a reader sees it: one kind of space, hyphen and digit, entities decoded, nothing invisible. The matchers read this
 * text; each of its characters knows its place in the original, so that all words around a match stay as they were written.
 */

/** Stands for a match that was found before: neither a letter, a digit nor a separator. */
export const barrier = '\uFFFC';

export interface ReadableText {
  text: string;
  /** The same text in small letters, at the same offsets */
  lower: string;
  /** Place in the original of a span of the text, UTF-16 code units, `end` excluded */
  original: (start: number, end: number) => { start: number; end: number };
}

/** No character that would be read as another one */
const isPlain = /^[\n\r\x20-\x25\x27-\x7e]*$/;
/** Longer expansions, such as a whole phrase in one character, contain no personal data. */
const maxExpansion = 4;
const entity = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([A-Za-z]{2,8}));/y;
/** Entities of the characters that numbers and addresses are written with */
const namedEntities: Readonly<Record<string, string>> = {
  nbsp: ' ',
  ensp: ' ',
  emsp: ' ',
  thinsp: ' ',
  commat: '@',
  period: '.',
  plus: '+',
  hyphen: '-',
  dash: '-',
  ndash: '-',
  lowbar: '_',
  sol: '/',
  lpar: '(',
  rpar: ')',
  num: '#',
  colon: ':',
  equals: '=',
  amp: '&',
  shy: '',
  zwj: '',
  zwnj: '',
};

/** The readable form of a text; the work grows with its length. */
export function readableText(original: string): ReadableText {
  if (isPlain.test(original)) {
    return { text: original, lower: original.toLowerCase(), original: (start, end) => ({ start, end }) };
  }
  const starts: number[] = [];
  const ends: number[] = [];
  const known = new Map<number, string>();
  let text = '';
  for (let at = 0; at < original.length;) {
    const decoded = original.charCodeAt(at) === 38 ? decodeEntity(original, at) : null;
    const code = decoded?.code ?? original.codePointAt(at) ?? 0;
    const end = decoded?.end ?? at + (code > 0xffff ? 2 : 1);
    let read = known.get(code);
    if (read === undefined) known.set(code, (read = readCharacter(code)));
    text += read;
    // An expansion of several characters, each of which stands for the whole original one
    while (starts.length < text.length) {
      starts.push(at);
      ends.push(end);
    }
    at = end;
  }
  return {
    text,
    lower: lowerCase(text),
    original: (start, end) => ({ start: starts[start] ?? original.length, end: ends[end - 1] ?? original.length }),
  };
}

/** @returns its character as a code point, 0 for an invisible one; null if no known entity starts here */
function decodeEntity(text: string, at: number): { code: number; end: number } | null {
  entity.lastIndex = at;
  const found = entity.exec(text);
  if (!found) return null;
  const [{ length }, decimal, hexadecimal, name = ''] = found;
  const end = at + length;
  if (decimal ?? hexadecimal) {
    const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal ?? '', 16);
    return code <= 0x10ffff ? { code, end } : null;
  }
  const named = namedEntities[name.toLowerCase()];
  return named === undefined ? null : { code: named.codePointAt(0) ?? 0x200b, end };
}

function readCharacter(code: number): string {
  if (code === 9) return ' ';
  if (code < 0x80) return String.fromCodePoint(code);
  const character = String.fromCodePoint(code);
  // Format characters, and marks that select a variant of a character.
  if (/^[\p{Cf}\u034f\ufe00-\ufe0f]$/u.test(character)) return '';
  if (/^\p{Zs}$/u.test(character)) return ' ';
  if (/^[\p{Pd}\u2212]$/u.test(character)) return '-';
  if (character === '\u2116') return '#';
  // Symbols such as ℡ would become letters that touch the number after them.
  if (/^\p{So}$/u.test(character)) return character;
  if (/^\p{Nd}$/u.test(character)) return digitValue(code);
  const normalised = character.normalize('NFKC');
  return normalised.length <= maxExpansion ? normalised : character;
}

/** The digits of a script are ten consecutive code points. */
function digitValue(code: number): string {
  let value = 0;
  const normalised = String.fromCodePoint(code).normalize('NFKC');
  if (/^\d$/.test(normalised)) return normalised;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}

/** In small letters, except for the few that take another number of code units. */
function lowerCase(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return text.replace(/\p{Lu}/gu, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  });
}
