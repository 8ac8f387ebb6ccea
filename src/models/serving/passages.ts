/** Splits a ticket's text into passages, and passages into words. */

/** A span of subject and body as one text, in UTF-16 code units, `end` excluded. */
export interface Passage {
  start: number;
  end: number;
}

const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
/** Longer passages are cut by length, as segmenting them into sentences is slow. */
const maxSegmentedLength = 4_000;
/** Maximum shift of a cut to the next space */
const maxCutShift = 200;

/** Number of words, estimated for long passages. */
export function wordCount(text: string, { start, end }: Passage): number {
  return end - start > maxSegmentedLength ? Math.ceil((end - start) / 6) : wordsIn(text, { start, end }).length;
}

/** Words of any script, and emoji, in order. */
export function wordsIn(text: string, { start, end }: Passage): Passage[] {
  const found: Passage[] = [];
  for (const { segment, index, isWordLike } of words.segment(text.slice(start, end))) {
    if (isWordLike || /\p{Extended_Pictographic}/u.test(segment)) {
      found.push({ start: start + index, end: start + index + segment.length });
    }
  }
  return found;
}

/**
 * @param limit at least 1
 * @returns the words of a passage if there are at limit `limit`, else at limit `limit` parts that end with sentences where there are
 * any; in order, without overlap. Empty for a passage without words
 */
export function splitIntoPassages(text: string, passage: Passage, limit: number): Passage[] {
  if (passage.end - passage.start > maxSegmentedLength) return cutByLength(text, passage, limit);
  const own = wordsIn(text, passage);
  if (own.length <= limit) return own;
  const parts = groupSentences(passage, sentenceEnds(text, passage), limit);
  return parts.length > 1 ? parts : groupWords(own, limit);
}

function sentenceEnds(text: string, { start, end }: Passage): number[] {
  const ends: number[] = [];
  for (const { segment, index } of sentences.segment(text.slice(start, end))) {
    // Whitespace after a sentence belongs to it.
    if (segment.trim() === '' && ends.length > 0) ends.pop();
    ends.push(start + index + segment.length);
  }
  return ends;
}

/** Groups neighbouring sentences into parts of similar length. */
function groupSentences({ start, end }: Passage, ends: readonly number[], limit: number): Passage[] {
  const parts: Passage[] = [];
  let from = start;
  for (const at of ends) {
    const fill = ((end - start) * (parts.length + 1)) / limit;
    if (at - start < fill && at !== end) continue;
    parts.push({ start: from, end: at });
    from = at;
  }
  return parts;
}

function groupWords(own: readonly Passage[], limit: number): Passage[] {
  const size = Math.ceil(own.length / limit);
  const parts: Passage[] = [];
  for (let at = 0; at < own.length; at += size) {
    const [first, last] = [own[at], own[Math.min(at + size, own.length) - 1]];
    if (first && last) parts.push({ start: first.start, end: last.end });
  }
  return parts;
}

function cutByLength(text: string, { start, end }: Passage, limit: number): Passage[] {
  const parts: Passage[] = [];
  let from = start;
  for (let part = 1; part <= limit && from < end; part += 1) {
    const to = part === limit ? end : cutNear(text, Math.round(start + ((end - start) * part) / limit), end);
    if (to > from) parts.push({ start: from, end: to });
    from = Math.max(from, to);
  }
  return parts;
}

/** The next space, or without one nearby a position that does not split a surrogate pair. */
function cutNear(text: string, wanted: number, end: number): number {
  const space = text.slice(wanted, Math.min(end, wanted + maxCutShift)).search(/\s/);
  if (space !== -1) return wanted + space;
  const code = text.charCodeAt(wanted);
  return code >= 0xdc00 && code <= 0xdfff ? Math.min(end, wanted + 1) : Math.min(end, wanted);
}
