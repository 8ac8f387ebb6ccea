/** A few tickets that show what is new: the most typical of each kind of thing that is among them. */
import { dot } from './similarity.js';

export interface ExampleTicket {
  key: string;
  /** `typical`: nearest to the middle of them; `different`: the next one least like those before it */
  why: 'typical' | 'different';
}

interface Placed {
  key: string;
  embedding: Float32Array | null;
}

const maxExamples = 5;
/** An odd one out is no example: only tickets that have this share of the most typical one's likeness to the middle. */
const minTypicality = 0.6;

/** The most typical first, then each least like those before it (Gonzalez's farthest-first, 1985). */
export function selectExamples(tickets: readonly Placed[]): ExampleTicket[] {
  const placed = tickets.flatMap(({ key, embedding }) => (embedding ? [{ key, embedding }] : []));
  const [only] = placed;
  if (!only) return tickets.slice(0, maxExamples).map(({ key }) => ({ key, why: 'typical' }));
  const middle = new Float32Array(only.embedding.length);
  for (const { embedding } of placed) embedding.forEach((value, at) => (middle[at] = middle[at]! + value));
  const likeness = placed.map(({ embedding }) => dot(embedding, middle));
  const most = likeness.reduce((a, b) => Math.max(a, b), -Infinity);
  const fit = placed.filter((_, index) => likeness[index]! >= minTypicality * most);
  const chosen = [placed[likeness.indexOf(most)] ?? only];
  while (chosen.length < Math.min(maxExamples, fit.length)) {
    const next = fit
      .filter((ticket) => !chosen.includes(ticket))
      .map((ticket) => ({
        ticket,
        nearest: chosen.reduce((near, other) => Math.max(near, dot(ticket.embedding, other.embedding)), -1),
      }))
      .reduce((a, b) => (b.nearest < a.nearest ? b : a));
    chosen.push(next.ticket);
  }
  return chosen.map(({ key }, index) => ({ key, why: index === 0 ? 'typical' : 'different' }));
}
