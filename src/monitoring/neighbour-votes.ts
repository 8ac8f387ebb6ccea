/**
 * A second opinion on each first suggestion: what the nearest known tickets were answered with. Softmax is as sure of a ticket in
 * other words as it happens to be; that two predictors disagree tells more of how often one is wrong (Jiang, Nagarajan, Baek &
 * Kolter, "Assessing Generalization of SGD via Disagreement", ICLR 2022). Each side is centred first: a greeting before every
 * ticket moves all embeddings the same way, and makes no other ticket the nearest.
 */
import { dot } from './likeness.js';
import type { LabelledObservation, Observation } from './observation.js';
import { perReference } from './per-reference.js';

export interface NeighbourVotes {
  reference: Float64Array;
  window: Float64Array;
}

/** Against more known tickets than that, a vote costs more than it tells. */
const mostKnown = 2_000;
const neighbours = 10;
/** How much more the nearer ones count: by e for a cosine that is larger by 1/20. */
const sharpness = 20;

/** @returns the part of its neighbours that speaks for each ticket's first suggestion, 0–1; 0 without an embedding */
export function neighbourVotes(
  reference: readonly LabelledObservation[],
  window: readonly Observation[],
): NeighbourVotes {
  const { known, votes } = ofReference(reference);
  const centre = centreOf(window);
  return { reference: votes, window: Float64Array.from(window, (ticket) => voteFor(ticket, centre, known, null)) };
}

interface Known {
  ticket: LabelledObservation;
  direction: Float32Array;
}

const ofReference = perReference((reference: readonly LabelledObservation[]) => {
  const centre = centreOf(reference);
  const all = reference.flatMap((ticket) =>
    ticket.embedding ? [{ ticket, direction: directionOf(ticket.embedding, centre) }] : [],
  );
  const step = Math.max(1, all.length / mostKnown);
  const known = Array.from({ length: Math.min(all.length, mostKnown) }, (_, at) => all[Math.floor(at * step)] as Known);
  return { known, votes: Float64Array.from(reference, (ticket) => voteFor(ticket, centre, known, ticket)) };
});

/** @param own is no neighbour of itself */
function voteFor(
  { embedding, ranking: [first] }: Observation,
  centre: Float64Array,
  known: readonly Known[],
  own: LabelledObservation | null,
): number {
  if (!embedding || !first) return 0;
  const direction = directionOf(embedding, centre);
  const nearest: { cosine: number; templateId: string | null }[] = [];
  for (const { ticket, direction: other } of known) {
    if (ticket === own) continue;
    const cosine = dot(direction, other);
    if (nearest.length === neighbours && cosine <= (nearest.at(-1)?.cosine ?? 0)) continue;
    const place = nearest.findIndex((one) => one.cosine < cosine);
    nearest.splice(place < 0 ? nearest.length : place, 0, { cosine, templateId: ticket.templateId });
    if (nearest.length > neighbours) nearest.pop();
  }
  const weight = ({ cosine }: { cosine: number }): number => Math.exp(sharpness * cosine);
  const agreeing = nearest.filter(({ templateId }) => templateId === first.templateId);
  const sum = (of: typeof nearest): number => of.reduce((total, one) => total + weight(one), 0);
  return nearest.length === 0 ? 0 : sum(agreeing) / sum(nearest);
}

function centreOf(tickets: readonly Observation[]): Float64Array {
  const vectors = tickets.flatMap(({ embedding }) => (embedding ? [embedding] : []));
  const centre = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (let at = 0; at < centre.length; at += 1)
      centre[at] = (centre[at] as number) + (vector[at] as number) / vectors.length;
  }
  return centre;
}

function directionOf(vector: Float32Array, centre: Float64Array): Float32Array {
  const moved = vector.map((value, at) => value - (centre[at] ?? 0));
  const length = Math.sqrt(dot(moved, moved)) || 1;
  return moved.map((value) => value / length);
}
