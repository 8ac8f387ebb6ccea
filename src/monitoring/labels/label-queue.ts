/**
 * What is worth labelling next, and what no template answers. Tickets are taken by how unsure the model is of them, each as far
 * as possible from those taken before (uncertainty with diversity: Settles, "Active Learning Literature Survey", 2009; Gonzalez's
 * farthest-first, 1985). Clusters are what leaders gather (Hartigan 1975) among the tickets that the model abstained on.
 */
import type { Observation } from '../observations/observation.js';
import { countWords, distinctiveWords, type WordCounts } from '../observations/typical-words.js';

export interface UnlabelledTicket {
  observation: Observation;
  text: string;
}

export interface QueuedTicket {
  key: string;
  /** Probability that the first suggestion is wrong, as the model has it, 0–1 */
  unsure: number;
}

export interface UnansweredCluster {
  /** Typical of it, the most telling first */
  words: string[];
  tickets: number;
  /** The most typical first */
  examples: string[];
}

export interface LabelQueue {
  tickets: QueuedTicket[];
  clusters: UnansweredCluster[];
}

const mostExamples = 5;
const mostClusters = 10;
const mostWords = 8;
const fewestInACluster = 5;
/** Sentences about one matter have this cosine in the usual encoders, those of two hardly ever. */
const alike = 0.6;

/** @param tickets without a label @param most tickets to queue */
export function labelQueue(tickets: readonly UnlabelledTicket[], most: number): LabelQueue {
  return { tickets: queued(tickets, most), clusters: unanswered(tickets) };
}

function queued(tickets: readonly UnlabelledTicket[], most: number): QueuedTicket[] {
  const left = tickets.flatMap(({ observation: { key, embedding, ranking } }) =>
    embedding ? [{ key, embedding, unsure: 1 - (ranking[0]?.probability ?? 0), nearest: 0 }] : [],
  );
  const chosen: QueuedTicket[] = [];
  while (chosen.length < most && left.length > 0) {
    let best = 0;
    left.forEach((one, index) => {
      if (worth(one) > worth(left[best] as Candidate)) best = index;
    });
    const [{ key, unsure, embedding }] = left.splice(best, 1) as [Candidate];
    chosen.push({ key, unsure });
    for (const other of left) other.nearest = Math.max(other.nearest, cosine(other.embedding, embedding));
  }
  return chosen;
}

interface Candidate {
  key: string;
  embedding: Float32Array;
  unsure: number;
  /** Cosine to the most alike of those that were chosen */
  nearest: number;
}

const worth = ({ unsure, nearest }: Candidate): number => unsure * (1 - nearest);

function unanswered(tickets: readonly UnlabelledTicket[]): UnansweredCluster[] {
  const clusters: { middle: Float32Array; members: UnlabelledTicket[] }[] = [];
  for (const ticket of tickets) {
    const { embedding, abstained } = ticket.observation;
    if (!abstained || !embedding) continue;
    let nearest: (typeof clusters)[number] | null = null;
    let most = alike;
    for (const cluster of clusters) {
      const likeness = cosine(cluster.middle, embedding) / Math.hypot(...cluster.middle);
      if (likeness >= most) [nearest, most] = [cluster, likeness];
    }
    if (nearest) {
      nearest.members.push(ticket);
      embedding.forEach((value, at) => (nearest.middle[at] = (nearest.middle[at] as number) + value));
    } else clusters.push({ middle: embedding.slice(), members: [ticket] });
  }
  const all = countWords(tickets.map(({ text }) => text));
  return clusters
    .filter(({ members }) => members.length >= fewestInACluster)
    .sort((a, b) => b.members.length - a.members.length)
    .slice(0, mostClusters)
    .map(({ middle, members }) => {
      const words = countWords(members.map(({ text }) => text));
      /** The same text once more shows nothing new. */
      const shown = new Set<string>();
      const typical = members
        .map(({ observation: { key, embedding }, text }) => ({
          key,
          text,
          likeness: embedding ? cosine(embedding, middle) : 0,
        }))
        .sort((a, b) => b.likeness - a.likeness);
      return {
        words: distinctiveWords(words, without(all, words), mostWords),
        tickets: members.length,
        examples: typical
          .filter(({ text }) => shown.size < shown.add(text).size)
          .slice(0, mostExamples)
          .map(({ key }) => key),
      };
    });
}

function without(all: WordCounts, part: WordCounts): WordCounts {
  const inPart = new Map(Object.entries(part.words));
  const words = Object.entries(all.words).map(([word, count]) => [word, count - (inPart.get(word) ?? 0)]);
  return { tickets: all.tickets - part.tickets, words: Object.fromEntries(words) as Record<string, number> };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] as number) * (b[at] as number);
  return sum;
}
