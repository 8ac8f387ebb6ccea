import type { Ticket, WordWeight } from '../../service/api-types.js';

/**
 * A body without its quoted parts, and its words at their places in what is left.
 *
 * @param parts in order, without overlap
 */
export function withoutParts(
  body: string,
  words: readonly WordWeight[],
  parts: Ticket['quotedParts'],
): { text: string; words: WordWeight[] } {
  const kept: string[] = [];
  let done = 0;
  for (const { start, end } of parts) {
    kept.push(body.slice(done, start));
    done = end;
  }
  const text = (kept.join('') + body.slice(done)).trimEnd();
  const leftBefore = (offset: number): number =>
    parts.reduce((sum, { start, end }) => sum + Math.max(0, Math.min(end, offset) - start), 0);
  const moved = words.map((word) => ({
    ...word,
    start: word.start - leftBefore(word.start),
    end: word.end - leftBefore(word.end),
  }));
  return { text, words: moved.filter(({ start, end }) => end > start) };
}
