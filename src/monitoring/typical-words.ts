/**
 * The words that tell one set of tickets from another: log-odds ratios with an informative Dirichlet prior (Monroe, Colaresi &
 * Quinn, "Fightin' Words", Political Analysis 2008). A word counts once a ticket, however often it stands there.
 */

/** In how many tickets each word stands. */
export interface WordCounts {
  tickets: number;
  words: Readonly<Record<string, number>>;
}

export interface TypicalWord {
  word: string;
  /** Share of the tickets that have it, 0–1 */
  now: number;
  before: number;
  /** How many standard errors the log-odds ratio is from 0 */
  z: number;
}

/** What all tickets together say of a word is worth so many tickets. */
const priorTickets = 50;
const longestWord = 40;
/** 99 % of a standard normal lies below. */
const surely = 2.33;

/** Also of languages that put no space between words. */
export function wordsOf(text: string): Set<string> {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });
  const words = new Set<string>();
  for (const { segment, isWordLike } of segmenter.segment(text.normalize('NFKC').toLowerCase())) {
    // Numbers differ from ticket to ticket: no word of theirs is typical of anything.
    if (isWordLike && segment.length <= longestWord && /\p{L}/u.test(segment)) words.add(segment);
  }
  return words;
}

/** @param fewest words that stand in fewer tickets are left out: rare ones can name a customer */
export function countWords(texts: Iterable<string>, fewest = 1): WordCounts {
  const counts = new Map<string, number>();
  let tickets = 0;
  for (const text of texts) {
    tickets += 1;
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return { tickets, words: Object.fromEntries([...counts].filter(([, count]) => count >= fewest)) };
}

/** @returns words that stand surely more often in `now`, the most telling first */
export function typicalWords(now: WordCounts, before: WordCounts, most = 10): TypicalWord[] {
  const all = now.tickets + before.tickets;
  if (now.tickets === 0 || before.tickets === 0) return [];
  return Object.entries(now.words)
    .map(([word, count]) => {
      const countBefore = Object.hasOwn(before.words, word) ? (before.words[word] ?? 0) : 0;
      const prior = (priorTickets * (count + countBefore)) / all;
      const z =
        (logOdds(count, now.tickets, prior) - logOdds(countBefore, before.tickets, prior)) /
        Math.sqrt(1 / (count + prior) + 1 / (countBefore + prior));
      return { word, now: count / now.tickets, before: countBefore / before.tickets, z };
    })
    .filter(({ z }) => z > surely)
    .sort((a, b) => b.z - a.z || (a.word < b.word ? -1 : 1))
    .slice(0, most);
}

function logOdds(count: number, tickets: number, prior: number): number {
  const others = Math.max(tickets + priorTickets - count - prior, prior);
  return Math.log((count + prior) / others);
}
