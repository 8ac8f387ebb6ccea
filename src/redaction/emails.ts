import { isUnspaced, unspacedScripts } from './characters.js';
import type { Span } from './spans.js';

/** Characters of nearly all addresses, and rare ones, which also separate other text */
const usual = /^[\p{L}\p{M}\p{N}._%+'-]$/u;
const rare = '!#$&*/=?^`{|}~';
/** RFC 5321 allows 64 */
const maxLocalPart = 320;
const maxQuoted = 64;

const atSign = /@|[ ]?[[({][ ]?(?:at|arroba|ät|@)[ ]?[\])}][ ]?/g;
const dot = '(?:\\.|[ ]?[\\[\\(\\{][ ]?(?:dot|punkt|point|punto|ponto)[ ]?[\\]\\)\\}][ ]?)';
const spaced = `[[\\p{L}\\p{M}]--[${unspacedScripts}]]`;
const label = `(?:[${spaced}\\d](?:[${spaced}\\d\\-]){0,62}|[${unspacedScripts}\\d](?:[${unspacedScripts}\\d\\-]){0,62})`;
/** A top-level domain of a script without spaces would not end before the next word. */
const domain = new RegExp(
  `(?:${label}${dot}){1,8}(?:xn--[a-z0-9\\-]{1,59}|${spaced}{2,63}|[${unspacedScripts}]{2,3})`,
  'vy',
);

/**
 * E-mail addresses, also with "(at)" and "(dot)". In scripts without spaces the address ends where the script changes:
 * メールはada@example.comです.
 */
export function findEmails(text: string, lower: string): Span[] {
  const found: Span[] = [];
  let done = 0;
  for (const { index, 0: sign } of lower.matchAll(atSign)) {
    if (index < done) continue;
    domain.lastIndex = index + sign.length;
    const start = localPartStart(text, index, done);
    if (start === index || !domain.test(lower)) continue;
    done = domain.lastIndex;
    found.push({ start, end: done, marker: '<email>' });
  }
  return found;
}

/** @returns start of the address's local part, which ends at `end`; `end` if there is none */
function localPartStart(text: string, end: number, from: number): number {
  if (text.charAt(end - 1) === '"') {
    const opened = text.lastIndexOf('"', end - 2);
    if (opened >= Math.max(from, end - maxQuoted - 2) && !text.slice(opened, end).includes('\n')) {
      return opened < end - 1 ? opened : end;
    }
  }
  const least = Math.max(from, end - maxLocalPart);
  const withRare = rare.includes(text.charAt(end - 1)) && end > least;
  const inUnspaced = isUnspaced(text, end - 1);
  let start = end;
  while (start > least) {
    const character = text.charAt(start - 1);
    if (!usual.test(character) && !(withRare && rare.includes(character))) break;
    if (!inUnspaced && isUnspaced(text, start - 1)) break;
    start -= 1;
  }
  return start;
}
