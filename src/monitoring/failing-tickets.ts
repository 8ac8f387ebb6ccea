/**
 * Where the model still fails: clusters of tickets that no template answers, and the tickets that are most worth a label next.
 * Clusters by k-means begun at k-means++ (Arthur & Vassilvitskii 2007); labels by uncertainty, density and diversity together
 * (Settles & Craven 2008; batches after Ash et al., "BADGE", ICLR 2020, which draws its batch by k-means++ too).
 */
import { dot } from './likeness.js';
import type { Observation, Outcome } from './observation.js';
import { typicalWords, countWords, type TypicalWord, type WordCounts } from './typical-words.js';

export interface UnansweredCluster {
  /** Tickets in it, the most typical first */
  keys: string[];
  words: TypicalWord[];
}

export interface UnansweredQuestion {
  window: readonly Observation[];
  outcomes: readonly Pick<Outcome, 'key' | 'templateId'>[];
  textOf: (key: string) => string | null;
  /** Of the reference's texts */
  words: WordCounts;
  random: () => number;
}

type Placed = Observation & { embedding: Float32Array };

const ticketsOfACluster = 25;
const mostClusters = 12;
const fewestOfACluster = 5;
const rounds = 10;
/** Nearest other tickets that a ticket's density is told from */
const neighbours = 10;
const mostCompared = 2_000;

/** Whether a ticket went without a reply from a template: the model abstained, or whoever answered took none. */
function isUnanswered({ key, abstained }: Observation, taken: ReadonlyMap<string, string | null>): boolean {
  const templateId = taken.get(key);
  return templateId === undefined ? abstained : templateId === null;
}

/** @returns clusters of at least five tickets, the largest first */
export function unansweredClusters(question: UnansweredQuestion): UnansweredCluster[] {
  const { window, outcomes, textOf, words, random } = question;
  const taken = new Map(outcomes.map(({ key, templateId }) => [key, templateId]));
  const tickets = placed(window.filter((ticket) => isUnanswered(ticket, taken)));
  const count = Math.min(mostClusters, Math.ceil(tickets.length / ticketsOfACluster));
  return clustered(tickets, count, random)
    .filter(({ length }) => length >= fewestOfACluster)
    .sort((a, b) => b.length - a.length)
    .map((members) => {
      const texts = members.flatMap(({ key }) => textOf(key) ?? []);
      return { keys: members.map(({ key }) => key), words: typicalWords(countWords(texts), words) };
    });
}

const placed = (tickets: readonly Observation[]): Placed[] =>
  tickets.flatMap((ticket) => (ticket.embedding ? [{ ...ticket, embedding: ticket.embedding }] : []));

function clustered(tickets: readonly Placed[], count: number, random: () => number): Placed[][] {
  let centres = drawnApart(tickets, tickets.map(() => 1), count, random).map(({ embedding }) => embedding); // prettier-ignore
  let groups: Placed[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    groups = centres.map(() => []);
    for (const ticket of tickets) groups[nearest(centres, ticket.embedding)]?.push(ticket);
    groups = groups.filter(({ length }) => length > 0);
    centres = groups.map(middleOf);
  }
  return groups.map((group, index) => {
    const centre = centres[index] ?? new Float32Array(0);
    return group.toSorted((a, b) => dot(b.embedding, centre) - dot(a.embedding, centre));
  });
}

function nearest(centres: readonly Float32Array[], vector: Float32Array): number {
  return centres.reduce((best, centre, index) => (dot(centre, vector) > dot(centres[best] ?? centre, vector) ? index : best), 0); // prettier-ignore
}

/** The mean, of length 1 */
function middleOf(tickets: readonly Placed[]): Float32Array {
  const sum = new Float32Array(tickets[0]?.embedding.length ?? 0);
  for (const { embedding } of tickets) embedding.forEach((value, at) => (sum[at] = (sum[at] as number) + value));
  const length = Math.sqrt(dot(sum, sum)) || 1;
  return sum.map((value) => value / length);
}

/** k-means++: each next ticket with a probability in proportion to its weight and its squared distance to those drawn. */
function drawnApart(
  tickets: readonly Placed[],
  weights: readonly number[],
  count: number,
  random: () => number,
): Placed[] {
  const chosen: Placed[] = [];
  const distances = tickets.map(() => 1);
  while (chosen.length < Math.min(count, tickets.length)) {
    const scores = tickets.map((_, index) => (weights[index] ?? 0) * (distances[index] ?? 0));
    const total = scores.reduce((sum, score) => sum + score, 0);
    if (total <= 0) break;
    let left = random() * total;
    const found = scores.findIndex((score) => (left -= score) < 0);
    const next = tickets[found < 0 ? scores.findLastIndex((score) => score > 0) : found] as Placed;
    chosen.push(next);
    tickets.forEach(({ embedding }, index) => {
      const distance = Math.max(1 - dot(embedding, next.embedding), 0);
      distances[index] = Math.min(distances[index] ?? 1, embedding === next.embedding ? 0 : distance);
    });
  }
  return chosen;
}

/**
 * The tickets that are most worth a label: that the model is unsure of, that stand for many others, and that differ from one
 * another.
 *
 * @param labelled keys of those that have one already
 * @returns keys, the first to be labelled first
 */
export function worthLabelling(
  window: readonly Observation[],
  labelled: ReadonlySet<string>,
  { count, random }: { count: number; random: () => number },
): string[] {
  const all = placed(window).slice(-mostCompared);
  const open = all.filter(({ key }) => !labelled.has(key));
  const weights = open.map((ticket) => uncertainty(ticket) * density(ticket, all));
  return drawnApart(open, weights, count, random).map(({ key }) => key);
}

/** 1 less the margin between the two most probable templates: near 1 where the model can't tell them apart. */
function uncertainty({ ranking: [first, second], abstained }: Observation): number {
  const margin = (first?.probability ?? 0) - (second?.probability ?? 0);
  return abstained ? 1 : 1 - margin;
}

/** Mean cosine to the nearest others, squared: a ticket like no other teaches nothing about others. */
function density({ key, embedding }: Placed, all: readonly Placed[]): number {
  const likeness = all.filter((other) => other.key !== key).map((other) => dot(embedding, other.embedding));
  const near = likeness.sort((a, b) => b - a).slice(0, neighbours);
  const mean = near.reduce((sum, value) => sum + Math.max(value, 0), 0) / Math.max(near.length, 1);
  return mean * mean;
}
