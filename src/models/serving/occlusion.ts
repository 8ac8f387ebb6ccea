/**
 * Which words of a ticket spoke for a template, and which against it: each is left out, the rest is ranked, and what the
 * template's log-odds lose by it is the word's weight.
 *
 * The method is occlusion: Zeiler and Fergus 2014 for pictures, Li, Monroe and Jurafsky 2016 ("Understanding neural networks
 * through representation erasure") for texts; the difference of log-odds is the weight of evidence of Robnik-Šikonja and
 * Kononenko 2008. It asks the ranker itself, so it holds for any ranker. A text with more words than may be asked for is
 * left out in passages first, and only those that mattered most are looked into.
 */
import { splitIntoPassages, wordCount, type Passage } from './passages.js';
import { windowCost } from './rank-queue.js';
import type { RankInput, Ranking } from '../ranker.js';

export interface WordWeight {
  part: 'subject' | 'body';
  /** Place in that part, UTF-16 code units, `end` not included */
  start: number;
  end: number;
  text: string;
  /** Log-odds of the template that it brought, nats: above 0 it spoke for the template, below against it */
  weight: number;
}

export interface OcclusionSettings {
  /** Most texts that are ranked, the whole one among them */
  maxTexts: number;
  /** Most windows of the encoder that they take together: a long text is looked into less closely */
  maxWindows: number;
}

export const defaultOcclusion: OcclusionSettings = { maxTexts: 64, maxWindows: 384 };

/** Parts that a passage is cut into on the way to its words. */
const branches = 16;
/** A passage that nobody looked into says something to a reader if it is no longer than that. */
const maxShownLength = 200;
const maxShown = 12;
/** Below that a word changed nothing that can be told from rounding, nats. */
const minWeight = 0.05;
const minProbability = 1e-9;

interface WeighedPassage extends Passage {
  /** By template, in the order asked for */
  weights: number[];
}

/**
 * @param rank ranks texts as the model in question does; called once for each round, of which there are at most five
 * @returns per template the at most twelve words with the largest weights, in the order of the text
 */
export async function explainWords(
  input: RankInput,
  templateIds: readonly string[],
  rank: (inputs: RankInput[]) => Promise<Ranking[]>,
  settings: OcclusionSettings = defaultOcclusion,
): Promise<WordWeight[][]> {
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
      const isTold = after && after.reason !== 'model-error';
      const weights = templateIds.map((id, at) => (isTold ? (oddsBefore[at] as number) - logOdds(after, id) : 0));
      return { ...part, weights };
    });
    found.push(...weighed.filter((part) => wordCount(text, part) === 1));
    open = [...round.rest, ...weighed.filter((part) => wordCount(text, part) > 1)];
  }
  found.push(...open.filter(({ start, end }) => end - start <= maxShownLength));
  return templateIds.map((_, at) => shownWords(text, input.subject.length, found, at));
}

/** What is left out next: the parts of the passages that mattered most, as many as its share of the texts left. */
function nextRound(text: string, open: readonly WeighedPassage[], left: number): { parts: Passage[]; rest: WeighedPassage[] } {
  const rest = [...open].sort((a, b) => maxAbsoluteWeight(b) - maxAbsoluteWeight(a));
  const words = rest[0] ? wordCount(text, rest[0]) : 0;
  const rounds = words <= left ? 1 : Math.ceil(Math.log(words) / Math.log(branches));
  const share = Math.ceil(left / rounds);
  const parts: Passage[] = [];
  while (rest.length > 0 && parts.length < share) {
    const room = share - parts.length;
    const own = rest[0] ? splitIntoPassages(text, rest[0], room) : [];
    // One part is the passage itself: there is no room to learn anything new about it.
    if (own.length === 1 && words > 1) break;
    rest.shift();
    parts.push(...own);
  }
  return { parts, rest };
}

/** How much a passage mattered to any of the templates. */
const maxAbsoluteWeight = ({ weights }: WeighedPassage): number => Math.max(...weights.map(Math.abs));

/** A template that has left a ranking's best hundred counts as its last. */
function logOdds({ items }: Ranking, templateId: string): number {
  const item = items.find((one) => one.templateId === templateId) ?? items.at(-1);
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
  const weightOf = ({ weights }: WeighedPassage): number => weights[at] as number;
  return found
    .filter((word) => Math.abs(weightOf(word)) >= minWeight)
    .sort((a, b) => Math.abs(weightOf(b)) - Math.abs(weightOf(a)))
    .slice(0, maxShown)
    .sort((a, b) => a.start - b.start)
    .flatMap((word) => splitAtSubject(text, subjectLength, word, Math.round(1000 * weightOf(word)) / 1000));
}

/** A short passage may hold the end of the subject and the start of the body: it is two spans then. */
function splitAtSubject(text: string, subjectLength: number, { start, end }: Passage, weight: number): WordWeight[] {
  const bodyStart = subjectLength + 1;
  const span = (part: WordWeight['part'], offset: number, from: number, to: number): WordWeight[] => {
    const said = text.slice(from, to);
    const skipped = said.length - said.trimStart().length;
    const [first, last] = [from + skipped, from + said.trimEnd().length];
    if (from >= to || first >= last) return [];
    return [{ part, start: first - offset, end: last - offset, text: text.slice(first, last), weight }];
  };
  return [
    ...span('subject', 0, start, Math.min(end, subjectLength)),
    ...span('body', bodyStart, Math.max(start, bodyStart), end),
  ];
}
