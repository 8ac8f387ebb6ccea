/** A ticket's text cut into passages, and those into words: what can be left out of it. */

/** Of subject and body as one text, in UTF-16 code units, `end` not included. */
export interface Passage {
  start: number;
  end: number;
}

const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
/** Longer passages are halved by length before anybody looks for sentences in them. */
const maxSegmentedLength = 4_000;
/** How far from where it should be a long text may be cut, so that no word is. */
const maxCutShift = 200;

/** About how many words a passage has: what it would cost to leave out each of them. */
export function wordCount(text: string, { start, end }: Passage): number {
  return end - start > maxSegmentedLength ? Math.ceil((end - start) / 6) : wordsIn(text, { start, end }).length;
}

/** Words in any script, and pictures; in order. */
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
 * @param most at least 1
 * @returns the words of a passage where there are at most so many, else so many parts of it that end with sentences where it
 * has any; in order, not overlapping. Nothing where it has no words
 */
export function splitIntoPassages(text: string, passage: Passage, most: number): Passage[] {
  if (passage.end - passage.start > maxSegmentedLength) return cutByLength(text, passage, most);
  const own = wordsIn(text, passage);
  if (own.length <= most) return own;
  const parts = groupSentences(passage, sentenceEnds(text, passage), most);
  return parts.length > 1 ? parts : groupWords(own, most);
}

function sentenceEnds(text: string, { start, end }: Passage): number[] {
  const ends: number[] = [];
  for (const { segment, index } of sentences.segment(text.slice(start, end))) {
    // What follows the last sentence, such as a line end, belongs to it.
    if (segment.trim() === '' && ends.length > 0) ends.pop();
    ends.push(start + index + segment.length);
  }
  return ends;
}

/** Neighbours together, so that the parts are about as long as one another. */
function groupSentences({ start, end }: Passage, ends: readonly number[], most: number): Passage[] {
  const parts: Passage[] = [];
  let from = start;
  for (const at of ends) {
    const fill = ((end - start) * (parts.length + 1)) / most;
    if (at - start < fill && at !== end) continue;
    parts.push({ start: from, end: at });
    from = at;
  }
  return parts;
}

function groupWords(own: readonly Passage[], most: number): Passage[] {
  const size = Math.ceil(own.length / most);
  const parts: Passage[] = [];
  for (let at = 0; at < own.length; at += size) {
    const [first, last] = [own[at], own[Math.min(at + size, own.length) - 1]];
    if (first && last) parts.push({ start: first.start, end: last.end });
  }
  return parts;
}

function cutByLength(text: string, { start, end }: Passage, most: number): Passage[] {
  const parts: Passage[] = [];
  let from = start;
  for (let part = 1; part <= most && from < end; part += 1) {
    const to = part === most ? end : cutNear(text, Math.round(start + ((end - start) * part) / most), end);
    if (to > from) parts.push({ start: from, end: to });
    from = Math.max(from, to);
  }
  return parts;
}

/** The next space, or where there is none near, a place that does not halve a character. */
function cutNear(text: string, wanted: number, end: number): number {
  const space = text.slice(wanted, Math.min(end, wanted + maxCutShift)).search(/\s/);
  if (space !== -1) return wanted + space;
  const code = text.charCodeAt(wanted);
  return code >= 0xdc00 && code <= 0xdfff ? Math.min(end, wanted + 1) : Math.min(end, wanted);
}
