/**
 * Tickets suggested for labelling, and clusters of tickets without a suggestion. Tickets are selected by uncertainty, each as far as
 * possible from those before (uncertainty with diversity: Settles, "Active Learning Literature Survey", 2009; Gonzalez's
 * farthest-first, 1985). Clusters are found by the leader algorithm (Hartigan 1975) among the tickets that the model abstained on.
 */
import type { Observation } from '../observations/observation.js';
import { countWords, distinctiveWords, type WordCounts } from '../observations/typical-words.js';

export interface UnlabelledTicket {
  observation: Observation;
  text: string;
}

export interface QueuedTicket {
  key: string;
  /** 1 − top-1 confidence, 0–1 */
  uncertainty: number;
}

export interface UnansweredCluster {
  /** Distinctive words, the most typical first */
  words: string[];
  tickets: number;
  /** The most typical tickets first */
  examples: string[];
}

export interface LabelQueue {
  tickets: QueuedTicket[];
  clusters: UnansweredCluster[];
}

const maxExamples = 5;
const maxClusters = 10;
const maxWords = 8;
const minClusterTickets = 5;
/** Sentence embeddings of one topic usually have a larger cosine, those of two topics hardly ever. */
const minClusterCosine = 0.6;

/** @param tickets without a label @param max tickets to queue */
export function buildLabelQueue(tickets: readonly UnlabelledTicket[], max: number): LabelQueue {
  return { tickets: selectTickets(tickets, max), clusters: clusterUnanswered(tickets) };
}

function selectTickets(tickets: readonly UnlabelledTicket[], max: number): QueuedTicket[] {
  const left = tickets.flatMap(({ observation: { key, embedding, ranking } }) =>
    embedding ? [{ key, embedding, uncertainty: 1 - (ranking[0]?.probability ?? 0), nearest: 0 }] : [],
  );
  const chosen: QueuedTicket[] = [];
  while (chosen.length < max && left.length > 0) {
    let best = 0;
    left.forEach((candidate, index) => {
      if (labelValue(candidate) > labelValue(left[best] as Candidate)) best = index;
    });
    const [{ key, uncertainty, embedding }] = left.splice(best, 1) as [Candidate];
    chosen.push({ key, uncertainty });
    for (const other of left) other.nearest = Math.max(other.nearest, cosine(other.embedding, embedding));
  }
  return chosen;
}

interface Candidate {
  key: string;
  embedding: Float32Array;
  uncertainty: number;
  /** Largest cosine to a selected ticket */
  nearest: number;
}

const labelValue = ({ uncertainty, nearest }: Candidate): number => uncertainty * (1 - nearest);

function clusterUnanswered(tickets: readonly UnlabelledTicket[]): UnansweredCluster[] {
  const clusters: { middle: Float32Array; members: UnlabelledTicket[] }[] = [];
  for (const ticket of tickets) {
    const { embedding, abstained } = ticket.observation;
    if (!abstained || !embedding) continue;
    let nearest: (typeof clusters)[number] | null = null;
    let largest = minClusterCosine;
    for (const cluster of clusters) {
      const similarity = cosine(cluster.middle, embedding) / Math.hypot(...cluster.middle);
      if (similarity >= largest) [nearest, largest] = [cluster, similarity];
    }
    if (nearest) {
      nearest.members.push(ticket);
      embedding.forEach((value, at) => (nearest.middle[at] = nearest.middle[at]! + value));
    } else clusters.push({ middle: embedding.slice(), members: [ticket] });
  }
  const all = countWords(tickets.map(({ text }) => text));
  return clusters
    .filter(({ members }) => members.length >= minClusterTickets)
    .sort((a, b) => b.members.length - a.members.length)
    .slice(0, maxClusters)
    .map(({ middle, members }) => {
      const words = countWords(members.map(({ text }) => text));
      /** Each text is shown once. */
      const shown = new Set<string>();
      const typical = members
        .map(({ observation: { key, embedding }, text }) => ({
          key,
          text,
          similarity: embedding ? cosine(embedding, middle) : 0,
        }))
        .sort((a, b) => b.similarity - a.similarity);
      return {
        words: distinctiveWords(words, subtractCounts(all, words), maxWords),
        tickets: members.length,
        examples: typical
          .filter(({ text }) => shown.size < shown.add(text).size)
          .slice(0, maxExamples)
          .map(({ key }) => key),
      };
    });
}

function subtractCounts(all: WordCounts, part: WordCounts): WordCounts {
  const inPart = new Map(Object.entries(part.words));
  const words = Object.entries(all.words).map(([word, count]) => [word, count - (inPart.get(word) ?? 0)]);
  return { tickets: all.tickets - part.tickets, words: Object.fromEntries(words) as Record<string, number> };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum;
}
