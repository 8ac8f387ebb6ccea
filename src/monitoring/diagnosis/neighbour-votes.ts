/**
 * A second predictor for each first suggestion: the templates of the nearest known tickets. Softmax confidence is unreliable on
 * shifted texts; the disagreement of two predictors says more about their errors (Jiang, Nagarajan, Baek &
 * Kolter, "Assessing Generalization of SGD via Disagreement", ICLR 2022). Both sides are centred first: a greeting in every ticket
 * moves all embeddings in the same direction and does not change the nearest tickets.
 */
import { dot } from './similarity.js';
import type { LabelledObservation, Observation } from '../observations/observation.js';
import { cacheByReference } from '../reference/reference-cache.js';

export interface NeighbourVotes {
  reference: Float64Array;
  window: Float64Array;
}

/** More known tickets cost more time than they improve the votes. */
const maxKnown = 2_000;
const neighbours = 10;
/** A cosine that is larger by 1/20 multiplies the weight by e. */
const sharpness = 20;

/** @returns the share of each ticket's neighbours that vote for its first suggestion, 0–1; 0 without an embedding */
export function neighbourVotes(
  reference: readonly LabelledObservation[],
  window: readonly Observation[],
): NeighbourVotes {
  const { known, nearest } = indexReference(reference);
  const centre = meanEmbedding(window);
  const voteFor = ({ ranking: [first] }: Observation, neighbours: readonly Neighbour[]): number =>
    (first && weighVotes(neighbours).get(first.templateId)) ?? 0;
  return {
    reference: Float64Array.from(reference, (ticket) => voteFor(ticket, nearest.get(ticket) ?? [])),
    window: Float64Array.from(window, (ticket) => voteFor(ticket, findNeighbours(ticket, centre, known, null))),
  };
}

/**
 * Votes of a ticket's nearest known tickets by template. The window is not centred: a label shift moves its centre, but no
 * ticket.
 *
 * @returns shares by template that sum to at most 1; for a ticket of the reference, by the others
 */
export function templateVotes(
  reference: readonly LabelledObservation[],
): (ticket: Pick<Observation, 'embedding'>) => ReadonlyMap<string, number> {
  const { centre, known, nearest } = indexReference(reference);
  return (ticket) => weighVotes(nearest.get(ticket) ?? findNeighbours(ticket, centre, known, null));
}

interface Known {
  ticket: LabelledObservation;
  direction: Float32Array;
}

interface Neighbour {
  cosine: number;
  templateId: string | null;
}

const indexReference = cacheByReference((reference: readonly LabelledObservation[]) => {
  const centre = meanEmbedding(reference);
  const all = reference.flatMap((ticket) =>
    ticket.embedding ? [{ ticket, direction: centredDirection(ticket.embedding, centre) }] : [],
  );
  const step = Math.max(1, all.length / maxKnown);
  const known = Array.from({ length: Math.min(all.length, maxKnown) }, (_, at) => all[Math.floor(at * step)] as Known);
  const nearest = new Map<Pick<Observation, 'embedding'>, Neighbour[]>();
  for (const ticket of reference) nearest.set(ticket, findNeighbours(ticket, centre, known, ticket));
  return { centre, known, nearest };
});

/** The nearest first. @param own is no neighbour of itself */
function findNeighbours(
  { embedding }: Pick<Observation, 'embedding'>,
  centre: Float64Array,
  known: readonly Known[],
  own: LabelledObservation | null,
): Neighbour[] {
  const nearest: Neighbour[] = [];
  if (!embedding) return nearest;
  const direction = centredDirection(embedding, centre);
  for (const { ticket, direction: other } of known) {
    if (ticket === own) continue;
    const cosine = dot(direction, other);
    if (nearest.length === neighbours && cosine <= (nearest.at(-1)?.cosine ?? 0)) continue;
    const place = nearest.findIndex((neighbour) => neighbour.cosine < cosine);
    nearest.splice(place < 0 ? nearest.length : place, 0, { cosine, templateId: ticket.templateId });
    if (nearest.length > neighbours) nearest.pop();
  }
  return nearest;
}

function weighVotes(nearest: readonly Neighbour[]): Map<string, number> {
  const votes = new Map<string, number>();
  const weight = ({ cosine }: Neighbour): number => Math.exp(sharpness * cosine);
  const all = nearest.reduce((total, neighbour) => total + weight(neighbour), 0);
  for (const neighbour of nearest)
    if (neighbour.templateId !== null)
      votes.set(neighbour.templateId, (votes.get(neighbour.templateId) ?? 0) + weight(neighbour) / all);
  return votes;
}

function meanEmbedding(tickets: readonly Observation[]): Float64Array {
  const vectors = tickets.flatMap(({ embedding }) => (embedding ? [embedding] : []));
  const centre = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (let at = 0; at < centre.length; at += 1) centre[at] = centre[at]! + vector[at]! / vectors.length;
  }
  return centre;
}

function centredDirection(vector: Float32Array, centre: Float64Array): Float32Array {
  const moved = vector.map((value, at) => value - (centre[at] ?? 0));
  const length = Math.sqrt(dot(moved, moved)) || 1;
  return moved.map((value) => value / length);
}
