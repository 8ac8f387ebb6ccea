/**
 * Words that distinguish one set of tickets from another: log-odds ratios with an informative Dirichlet prior (Monroe, Colaresi &
 * Quinn, "Fightin' Words", Political Analysis 2008). A word counts once a ticket, however often it stands there.
 */
import { normalisedText } from '../../models/features/ngrams.js';

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

/** Weight of the prior from all tickets, in tickets. */
const priorTickets = 50;
const maxWordLength = 40;
const maxCharacters = 20_000;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });
/** 99 % quantile of the standard normal distribution */
const z99 = 2.33;

/** Also of languages that put no space between words. */
export function splitWords(text: string): Set<string> {
  const words = new Set<string>();
  for (const { segment, isWordLike } of segmenter.segment(normalisedText(text.slice(0, maxCharacters)))) {
    // Numbers differ from ticket to ticket and are typical of nothing.
    if (isWordLike && segment.length <= maxWordLength && /\p{L}/u.test(segment)) words.add(segment);
  }
  return words;
}

export class WordCounter {
  private readonly counts = new Map<string, number>();
  private tickets = 0;

  add(text: string): void {
    this.tickets += 1;
    for (const word of splitWords(text)) this.counts.set(word, (this.counts.get(word) ?? 0) + 1);
  }

  /** @param minTickets words that stand in fewer tickets are left out: rare ones can name a customer */
  result(minTickets = 1): WordCounts {
    const kept = [...this.counts].filter(([, count]) => count >= minTickets);
    return { tickets: this.tickets, words: Object.fromEntries(kept) };
  }
}

export function countWords(texts: Iterable<string>): WordCounts {
  const counter = new WordCounter();
  for (const text of texts) counter.add(text);
  return counter.result();
}

/** Where some words are at least frequent as frequent, slightly more frequent ones such as "my" are left out. */
const minTypicalRatio = 2;

/** @returns words that are significantly more frequent in `now`, the strongest first */
export function typicalWords(now: WordCounts, before: WordCounts, max = 10): TypicalWord[] {
  const all = now.tickets + before.tickets;
  if (now.tickets === 0 || before.tickets === 0) return [];
  const significant = Object.entries(now.words)
    .map(([word, count]) => {
      const countBefore = wordCount(word, before);
      const prior = (priorTickets * (count + countBefore)) / all;
      const z =
        (logOdds(count, now.tickets, prior) - logOdds(countBefore, before.tickets, prior)) /
        Math.sqrt(1 / (count + prior) + 1 / (countBefore + prior));
      return { word, now: count / now.tickets, before: countBefore / before.tickets, z };
    })
    .filter(({ z }) => z > z99)
    .sort((a, b) => b.z - a.z || (a.word < b.word ? -1 : 1));
  const frequent = significant.filter(({ word }) => ratioLowerBound(word, now, before) > minTypicalRatio);
  return (frequent.length > 0 ? frequent : significant).slice(0, max);
}

/** 95 % quantile of the standard normal distribution */
const z95 = 1.645;
/** Minimum ratio of a word's frequency in a group to that in other tickets. */
const minDistinctiveRatio = 4;
/** A word in fewer tickets is chance, or a customer's name. */
const minWordTickets = 3;

/**
 * @returns words that tell a group of tickets from all others, the most telling first: by how many times as often, at least, they
 * probably stand there. A word of every fourth ticket can't stand more than four times as often anywhere, so the commonest words
 * of a language leave by themselves.
 */
export function distinctiveWords(group: WordCounts, others: WordCounts, max: number): string[] {
  if (group.tickets === 0 || others.tickets === 0) return [];
  return Object.entries(group.words)
    .filter(([, count]) => count >= minWordTickets)
    .map(([word]) => ({ word, times: ratioLowerBound(word, group, others) }))
    .filter(({ times }) => times > minDistinctiveRatio)
    .sort((a, b) => b.times - a.times || (a.word < b.word ? -1 : 1))
    .slice(0, max)
    .map(({ word }) => word);
}

/**
 * How many times as often, at least, a word probably stands in a group as in others: the 95 % limit of the ratio of two shares, by
 * Katz's logarithm. Half a ticket more on either side, so that a word that is nowhere else has a ratio too.
 */
function ratioLowerBound(word: string, group: WordCounts, others: WordCounts): number {
  const [a, b] = [wordCount(word, group) + 0.5, wordCount(word, others) + 0.5];
  const [n, m] = [group.tickets + 0.5, others.tickets + 0.5];
  return ((a / n) * m * Math.exp(-z95 * Math.sqrt(1 / a - 1 / n + 1 / b - 1 / m))) / b;
}

const wordCount = (word: string, { words }: WordCounts): number =>
  Object.hasOwn(words, word) ? (words[word] ?? 0) : 0;

function logOdds(count: number, tickets: number, prior: number): number {
  const others = Math.max(tickets + priorTickets - count - prior, prior);
  return Math.log((count + prior) / others);
}
