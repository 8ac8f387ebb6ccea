/**
 * Explains a ranking by the words of the ticket: each word is left out, the rest is ranked, and the drop of the template's log-odds
 * is the word's weight.
 *
 * The method is occlusion: Zeiler and Fergus 2014 for pictures, Li, Monroe and Jurafsky 2016 ("Understanding neural networks
 * through representation erasure") for texts; the difference of log-odds is the weight of evidence of Robnik-Šikonja and
 * Kononenko 2008. It only calls the ranker, so it works with any ranker. In a long text whole passages are left out first, and the
 * most influential ones are refined.
 */
import { bodyOffset, newText } from '../../preparation/new-text.js';
import { splitIntoPassages, wordCount, type Passage } from './passages.js';
import { windowCost } from './rank-queue.js';
import type { RankInput, Ranking } from '../ranker.js';

export interface WordWeight {
  part: 'subject' | 'body';
  /** Offsets in that part, UTF-16 code units, `end` excluded */
  start: number;
  end: number;
  text: string;
  /** Drop of the template's log-odds without the word, nats: positive weights support the template */
  weight: number;
}

export interface OcclusionSettings {
  /** Maximum number of ranked texts, the whole one included */
  maxTexts: number;
  /** Maximum encoder windows of all texts together: long texts are explained more coarsely */
  maxWindows: number;
}

export const defaultOcclusion: OcclusionSettings = { maxTexts: 64, maxWindows: 384 };

/** Parts that a passage is split into on the way to its words */
const branches = 16;
/** Unrefined passages up to this length are shown; longer ones tell a reader nothing. */
const maxShownLength = 200;
const maxShown = 12;
/** Smaller weights are rounding noise, nats. */
const minWeight = 0.05;
const minProbability = 1e-9;

interface WeighedPassage extends Passage {
  /** Per template, in the order of `templateIds` */
  weights: number[];
}

/**
 * @param rank the model to explain; called once per round, at most five times
 * @returns per template at most twelve words with the largest weights, in the order of the text
 */
export async function explainWords(
  ticket: RankInput,
  templateIds: readonly string[],
  rank: (inputs: RankInput[]) => Promise<Ranking[]>,
  settings: OcclusionSettings = defaultOcclusion,
): Promise<WordWeight[][]> {
  // Only what the model reads is left out by turns; a mark of a quote without its words would be no quote any more.
  const { text: body, left: unread } = newText(ticket.body);
  const input = { ...ticket, body };
  const text = `${input.subject}\n${input.body}`;
  let left = Math.min(settings.maxTexts, Math.floor(settings.maxWindows / windowCost(input))) - 1;
  const whole = { start: 0, end: text.length };
  if (templateIds.length === 0 || splitIntoPassages(text, whole, 1).length === 0) return templateIds.map(() => []);
  const [before] = await rank([input]);
  if (!before) return templateIds.map(() => []);

  const oddsBefore = templateIds.map((id) => logOdds(before, id));
  let open: WeighedPassage[] = [{ ...whole, weights: templateIds.map(() => Infinity) }];
  const found: WeighedPassage[] = [];
  while (left > 0 && open.length > 0) {
    const round = nextRound(text, open, left);
    if (round.parts.length === 0) break;
    left -= round.parts.length;
    const rankings = await rank(round.parts.map((part) => without(input, part)));
    const weighed = round.parts.map((part, index) => {
      const after = rankings[index];
      const isRanked = after && after.reason !== 'model-error';
      const weights = templateIds.map((id, at) => (isRanked ? oddsBefore[at]! - logOdds(after, id) : 0));
      return { ...part, weights };
    });
    found.push(...weighed.filter((part) => wordCount(text, part) === 1));
    open = [...round.rest, ...weighed.filter((part) => wordCount(text, part) > 1)];
  }
  found.push(...open.filter(({ start, end }) => end - start <= maxShownLength));
  const inBody = (word: WordWeight): WordWeight =>
    word.part === 'subject'
      ? word
      : { ...word, start: bodyOffset(unread, word.start), end: bodyOffset(unread, word.end - 1) + 1 };
  return templateIds.map((_, at) => shownWords(text, input.subject.length, found, at).map(inBody));
}

/** Splits the most influential passages, as far as this round's share of the remaining texts goes. */
function nextRound(
  text: string,
  open: readonly WeighedPassage[],
  left: number,
): { parts: Passage[]; rest: WeighedPassage[] } {
  const rest = [...open].sort((a, b) => maxAbsoluteWeight(b) - maxAbsoluteWeight(a));
  const words = rest[0] ? wordCount(text, rest[0]) : 0;
  const rounds = words <= left ? 1 : Math.ceil(Math.log(words) / Math.log(branches));
  const share = Math.ceil(left / rounds);
  const parts: Passage[] = [];
  while (rest.length > 0 && parts.length < share) {
    const room = share - parts.length;
    const own = rest[0] ? splitIntoPassages(text, rest[0], room) : [];
    // A single part is the passage itself: nothing new would be learned.
    if (own.length === 1 && words > 1) break;
    rest.shift();
    parts.push(...own);
  }
  return { parts, rest };
}

/** The largest influence of a passage on any template. */
const maxAbsoluteWeight = ({ weights }: WeighedPassage): number => Math.max(...weights.map(Math.abs));

/** A template outside the best hundred counts as the last of them. */
function logOdds({ items }: Ranking, templateId: string): number {
  const item = items.find((candidate) => candidate.templateId === templateId) ?? items.at(-1);
  const probability = Math.min(1 - minProbability, Math.max(minProbability, item?.probability ?? 0));
  return Math.log(probability / (1 - probability));
}

function without(input: RankInput, { start, end }: Passage): RankInput {
  const { subject, body } = input;
  const bodyStart = subject.length + 1;
  const cut = (part: string, from: number): string =>
    part.slice(0, Math.max(0, start - from)) + part.slice(Math.max(0, end - from));
  return { ...input, subject: cut(subject, 0), body: cut(body, bodyStart) };
}

function shownWords(text: string, subjectLength: number, found: readonly WeighedPassage[], at: number): WordWeight[] {
  const weightOf = ({ weights }: WeighedPassage): number => weights[at]!;
  return found
    .filter((word) => Math.abs(weightOf(word)) >= minWeight)
    .sort((a, b) => Math.abs(weightOf(b)) - Math.abs(weightOf(a)))
    .slice(0, maxShown)
    .sort((a, b) => a.start - b.start)
    .flatMap((word) => splitAtSubject(text, subjectLength, word, Math.round(1000 * weightOf(word)) / 1000));
}

/** A passage over the end of the subject and the start of the body becomes two spans. */
function splitAtSubject(text: string, subjectLength: number, { start, end }: Passage, weight: number): WordWeight[] {
  const bodyStart = subjectLength + 1;
  const span = (part: WordWeight['part'], offset: number, from: number, to: number): WordWeight[] => {
    const span = text.slice(from, to);
    const skipped = span.length - span.trimStart().length;
    const [first, last] = [from + skipped, from + span.trimEnd().length];
    if (from >= to || first >= last) return [];
    return [{ part, start: first - offset, end: last - offset, text: text.slice(first, last), weight }];
  };
  return [
    ...span('subject', 0, start, Math.min(end, subjectLength)),
    ...span('body', bodyStart, Math.max(start, bodyStart), end),
  ];
}
