/**
 * Which parts of a mail are not new: quoted history, headers of forwarded mails, signatures, legal notices, "sent from my phone",
 * inline images. Every line is read a bounded number of times, so the work grows with the length of the text.
 *
 * Own code although `email-reply-parser` 2.3.7 (MIT) finds the same in 13 of the 15 kinds of mail of `bench -- mail`: it misses
 * inline images and forwarded mails, gives no offsets, which the pages need to unfold what was left out, and without the native
 * `re2` it needs 9.8 s for 20 kB of empty lines, where this takes 0.06 s (docs/lab-book.md, 2026-11-30).
 */
import {
  attribution,
  closing,
  disclaimerWords,
  forwardLine,
  headerLine,
  maxAttributionLines,
  originalLine,
  replyAbove,
  senderLine,
  sentFrom,
  signatureDelimiter,
  wrappedAttribution,
} from './mail-words.js';

/** A part of a text, UTF-16 code units, `end` excluded */
export interface TextRange {
  start: number;
  end: number;
}

interface Line extends TextRange {
  /** Trimmed; of a longer line only the beginning */
  text: string;
  isBlank: boolean;
  isQuoted: boolean;
  /** All of it is in `text` */
  isShort: boolean;
}

/** Longer lines are prose. */
const maxMarkerLength = 300;
const [maxSignatureLines, maxSignatureCharacters] = [25, 2_500];
const [maxClosingLines, maxClosingLength, maxSignatureLine] = [10, 60, 90];
const [minHeaderLines, minDisclaimerWords, minWordsAboveForward] = [3, 2, 6];
/** Inline images, and the places they had */
const inlineImages =
  /data:[\w.+-]{1,40}\/[\w.+-]{1,60};base64,[A-Za-z0-9+/=]*|\[cid:[^\]\n]{1,200}\]|\[(?:image|inline image|bild|imagen?|immagine|afbeelding|obraz|画像|图片)[ :][^\]\n]{0,200}\]|<image\d{3}\.\w{3,4}>/giu;
/** Files in the text: lines of base64, or one run without spaces. Prose of one letter has no such mix. */
const base64Run = /[A-Za-z0-9+/=]{256,}/g;
const base64Line = /^[A-Za-z0-9+/]{60,76}={0,2}$/;
const minBase64Lines = 3;

/** @returns the parts of a mail that are not new, in order, without overlap; none if nothing would be left */
export function findOldParts(text: string): TextRange[] {
  const lines = splitLines(text);
  const left = new Uint8Array(lines.length);
  if (lines.length > 1) {
    markHistory(lines, left);
    markDisclaimers(text, lines, left);
    markEncodedFiles(lines, left);
    markSignatures(lines, left);
  }
  const parts = mergeRanges([...rangesOf(lines, left), ...inlineRanges(text)]);
  return hasWords(keepNew(text, parts)) ? parts : [];
}

/** The text without these parts. */
export function keepNew(text: string, parts: readonly TextRange[]): string {
  if (parts.length === 0) return text;
  const kept: string[] = [];
  let done = 0;
  for (const { start, end } of parts) {
    kept.push(text.slice(done, start));
    done = end;
  }
  return kept.join('') + text.slice(done);
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  while (start <= text.length) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found + 1;
    const beginning = found === start ? '' : text.slice(start, Math.min(end, start + maxMarkerLength + 1)).trim();
    const isShort = end - start <= maxMarkerLength;
    lines.push({
      start,
      end,
      text: beginning,
      isShort,
      isBlank: beginning === '' && (isShort || text.slice(start, end).trim() === ''),
      isQuoted: beginning.startsWith('>'),
    });
    if (found === -1) break;
    start = end;
  }
  return lines;
}

/** Quoted lines with the line that introduces them, and all below the header of an earlier mail. */
function markHistory(lines: readonly Line[], left: Uint8Array): void {
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (line.isQuoted) left[at] = 1;
    if (line.isBlank || line.isQuoted || !line.isShort) continue;
    const attributed = attributionLines(lines, at);
    const header = attributed === 0 ? headerBlock(lines, at) : null;
    // An answer may be written between the quoted lines, or below them.
    const isInterleaved = attributed > 0 && lines[nextFilled(lines, at + attributed)]?.isQuoted === true;
    if (isInterleaved || (attributed > 0 && hasWordsAbove(lines, left, at, 1))) {
      left.fill(1, at, isInterleaved ? at + attributed : lines.length);
      if (!isInterleaved) return;
    } else if (replyAbove.test(line.text) && hasWordsAbove(lines, left, at, 1)) {
      left.fill(1, at);
      return;
    } else if (header) {
      const isKept = header.isForward
        ? !hasWordsAbove(lines, left, at, minWordsAboveForward)
        : !hasWordsAbove(lines, left, at, 1);
      // A mail passed on with no words of its own: its text is what the customer wants to say.
      left.fill(1, at, isKept ? header.end : lines.length);
      if (!isKept) return;
      at = header.end - 1;
    }
  }
}

/** @returns the number of lines of "On … wrote:" from this one, which mail programs wrap; 0 if it is none */
function attributionLines(lines: readonly Line[], at: number): number {
  let joined = '';
  for (let count = 1; count <= maxAttributionLines; count += 1) {
    const line = lines[at + count - 1];
    if (!line || line.isBlank || line.isQuoted || !line.isShort) return 0;
    joined = count === 1 ? line.text : `${joined} ${line.text}`;
    if (/[:：]$/.test(joined)) return isBeforeQuote(lines, at + count, joined) && attribution.test(joined) ? count : 0;
    if (!wrappedAttribution.test(joined)) return 0;
  }
  return 0;
}

/** "My friend wrote:" alone is no quote: a quote, a date or an address is part of it. */
const isBeforeQuote = (lines: readonly Line[], at: number, attributed: string): boolean =>
  lines[nextFilled(lines, at)]?.isQuoted === true || /\d{1,2}[^\d]{1,3}\d{2}|\d{4}|@|<email>/.test(attributed);

function nextFilled(lines: readonly Line[], from: number): number {
  let at = from;
  while (at < from + 4 && lines[at]?.isBlank) at += 1;
  return at;
}

/** @returns the line after the header of an earlier mail that starts here, with the separator above it; null if there is none */
function headerBlock(lines: readonly Line[], at: number): { end: number; isForward: boolean } | null {
  const first = lines[at]!.text;
  const isForward = forwardLine.test(first);
  const isSeparator = isForward || originalLine.test(first);
  let end = isSeparator ? nextFilled(lines, at + 1) : at;
  const start = end;
  if (!senderLine.test(lines[start]?.text ?? '') && !(isSeparator && headerLine.test(lines[start]?.text ?? ''))) {
    return isForward || (isSeparator && /\p{L}/u.test(first)) ? { end: at + 1, isForward } : null;
  }
  while (end - start < 12 && headerLine.test(lines[end]?.text ?? '')) end += 1;
  // A long list of recipients goes on in the next line.
  const found = end - start;
  return found >= (isSeparator ? 2 : minHeaderLines) ? { end, isForward } : null;
}

function hasWordsAbove(lines: readonly Line[], left: Uint8Array, at: number, count: number): boolean {
  let words = 0;
  for (let above = at - 1; above >= 0; above -= 1) {
    if (left[above] === 1) continue;
    const { text, isShort } = lines[above]!;
    words += isShort ? (text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0) : count;
    // Scripts without spaces: about two characters to a word.
    if (/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/u.test(text)) words += text.length / 2;
    if (words >= count) return true;
    // A long mail of empty lines is not searched to its beginning for every header.
    if (at - above > 200) return words > 0;
  }
  return false;
}

/** Below the delimiter, or a closing and a name, at the end of what is new. */
function markSignatures(lines: readonly Line[], left: Uint8Array): void {
  let end = lines.length;
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    const line = lines[at]!;
    if (left[at] === 1) end = at;
    else if (line.isShort && sentFrom.test(line.text)) left[at] = 1;
    else if (isSignatureStart(lines, at, end)) {
      left.fill(1, at, end);
      end = at;
    }
  }
}

/** @param end where the new part ends */
function isSignatureStart(lines: readonly Line[], at: number, end: number): boolean {
  const { text, start, isShort } = lines[at]!;
  if (end - at > maxSignatureLines || !isShort || at === 0) return false;
  if (signatureDelimiter.test(text)) return (lines[end - 1]?.end ?? start) - start <= maxSignatureCharacters;
  if (text.length > maxClosingLength || !closing.test(text)) return false;
  const below = lines.slice(at + 1, end).filter(({ isBlank }) => !isBlank);
  return (
    below.length <= maxClosingLines &&
    below.every((line) => line.isShort && line.text.length <= maxSignatureLine && !/[?？]/.test(line.text))
  );
}

/** Paragraphs of legal notices. */
function markDisclaimers(text: string, lines: readonly Line[], left: Uint8Array): void {
  let start = 0;
  let hasParagraphAbove = false;
  for (let at = 0; at <= lines.length; at += 1) {
    if (at < lines.length && !lines[at]!.isBlank) continue;
    const [first, last] = [lines[start], lines[at - 1]];
    // The first paragraph is what the customer came to say.
    if (first && last && start < at && hasParagraphAbove) {
      const paragraph = text.slice(first.start, Math.min(last.end, first.start + 4_000));
      const found = new Set(paragraph.match(disclaimerWords)?.map((word) => word.toLowerCase()));
      if (found.size >= minDisclaimerWords && paragraph.length > 80) left.fill(1, start, at);
    }
    if (start < at) hasParagraphAbove = true;
    start = at + 1;
  }
}

function markEncodedFiles(lines: readonly Line[], left: Uint8Array): void {
  let run = 0;
  for (let at = 0; at <= lines.length; at += 1) {
    if (at < lines.length && lines[at]!.isShort && base64Line.test(lines[at]!.text)) run += 1;
    else {
      if (run >= minBase64Lines) left.fill(1, at - run, at);
      run = 0;
    }
  }
}

function inlineRanges(text: string): TextRange[] {
  const images = [...text.matchAll(inlineImages)].map(({ index, 0: { length } }) => ({
    start: index,
    end: index + length,
  }));
  const runs = [...text.matchAll(base64Run)]
    .filter(([run]) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run))
    .map(({ index, 0: { length } }) => ({ start: index, end: index + length }));
  return [...images, ...runs];
}

function rangesOf(lines: readonly Line[], left: Uint8Array): TextRange[] {
  return lines.flatMap(({ start, end }, at) => (left[at] === 1 ? [{ start, end }] : []));
}

function mergeRanges(ranges: TextRange[]): TextRange[] {
  const merged: TextRange[] = [];
  for (const { start, end } of ranges.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else if (end > start) merged.push({ start, end });
  }
  return merged;
}

const hasWords = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);
