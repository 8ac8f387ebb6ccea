/** Selects a few examples of affected tickets: typical, and different from each other. */
import { dot } from './similarity.js';

export interface ExampleTicket {
  key: string;
  /** `typical`: nearest to their mean; `different`: least similar to the examples before it */
  why: 'typical' | 'different';
}

interface Placed {
  key: string;
  embedding: Float32Array | null;
}

const maxExamples = 5;
/** Outliers are no examples: minimum similarity to the mean, relative to the most typical ticket. */
const minTypicality = 0.6;

/** The most typical first, then each least similar to those before it (Gonzalez's farthest-first, 1985). */
export function selectExamples(tickets: readonly Placed[]): ExampleTicket[] {
  const placed = tickets.flatMap(({ key, embedding }) => (embedding ? [{ key, embedding }] : []));
  const [only] = placed;
  if (!only) return tickets.slice(0, maxExamples).map(({ key }) => ({ key, why: 'typical' }));
  const mean = new Float32Array(only.embedding.length);
  for (const { embedding } of placed) embedding.forEach((value, at) => (mean[at] = mean[at]! + value));
  const similarity = placed.map(({ embedding }) => dot(embedding, mean));
  const most = similarity.reduce((a, b) => Math.max(a, b), -Infinity);
  const fit = placed.filter((_, index) => similarity[index]! >= minTypicality * most);
  const chosen = [placed[similarity.indexOf(most)] ?? only];
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
