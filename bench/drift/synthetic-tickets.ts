/**
 * Synthetic observations drawn from a known distribution: topics in an embedding space with their shares, templates, confidence,
 * words, channels, languages and fields. They have no text, so no encoder is needed.
 */
import { seeded } from '../../src/statistics/random.js';
import type { Observation } from '../../src/monitoring/observations/observation.js';

export interface World {
  /** Length of an embedding */
  size: number;
  topics: Topic[];
  channels: { name: string; share: number }[];
  languages: { name: string; share: number }[];
  countries: { name: string; share: number }[];
}

export interface Topic {
  name: string;
  share: number;
  /** Direction in the embedding space, of length 1 */
  centre: Float32Array;
}

export interface Draw {
  /** Number of the ticket, in its key and fingerprint */
  index: number;
  occurredAt: Date;
  /** Default: drawn by the shares */
  topic?: Topic;
  /** Shift of every number, in standard deviations */
  shift?: number;
}

const zipfPower = 1.1;
/** Noise around a topic's centre: two tickets of a topic have a cosine of about 0.6 */
const noiseShare = 0.8;
/** Number of directions of the noise */
const noiseDirections = 60;

/** @returns standard normal numbers */
export function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function world(topics: number, seed: number, size = 128): World {
  const random = seeded(seed);
  const normal = normals(random);
  const shares = Array.from({ length: topics }, (_, index) => (index + 1) ** -zipfPower);
  const total = shares.reduce((a, b) => a + b, 0);
  return {
    size,
    topics: shares.map((share, index) => ({
      name: `topic-${index}`,
      share: share / total,
      centre: unit(Float32Array.from({ length: size }, normal)),
    })),
    channels: [
      { name: 'email', share: 0.6 },
      { name: 'chat', share: 0.3 },
      { name: 'phone', share: 0.1 },
    ],
    languages: [
      { name: 'en', share: 0.7 },
      { name: 'de', share: 0.2 },
      { name: 'fr', share: 0.1 },
    ],
    countries: ['DE', 'US', 'FR', 'GB', 'AT', 'CH'].map((name, index) => ({
      name,
      share: 2 ** -(index + 1) + 1 / 384,
    })),
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}

/** A topic that no ticket of the world has. */
export function newTopic({ size }: World, seed: number): Topic {
  return { name: 'new', share: 0, centre: unit(Float32Array.from({ length: size }, normals(seeded(seed)))) };
}

/** Draws tickets of a world in a reproducible sequence. */
export class TicketSource {
  private readonly random: () => number;
  private readonly normal: () => number;
  private readonly cumulative: number[] = [];

  constructor(
    private readonly world: World,
    private readonly seed: number,
  ) {
    this.random = seeded(seed);
    this.normal = normals(this.random);
    let sum = 0;
    for (const { share } of world.topics) this.cumulative.push((sum += share));
  }

  ticket({ index, occurredAt, topic, shift = 0 }: Draw): Observation {
    const { random, normal, world } = this;
    const own = topic ?? this.drawTopic();
    const probability = 1 / (1 + Math.exp(-(2 + 1.2 * normal() - 1.2 * shift - (own.name === 'new' ? 2.5 : 0))));
    const isRight = random() < probability && own.name !== 'new';
    const templateId = isRight ? own.name : this.drawTopic().name;
    return {
      key: `bench:${this.seed}-${index}`,
      occurredAt,
      embedding: this.embedding(own),
      ranking: [
        { templateId, probability },
        { templateId: this.drawTopic().name, probability: (1 - probability) / 2 },
      ],
      entropy: -probability * Math.log(probability) + (1 - probability) * (2 + 0.3 * normal()),
      abstained: probability < 0.4,
      reason: probability < 0.4 ? 'unsure' : null,
      contactType: `type-${(Number(templateId.slice(6)) || 0) % 12}`,
      channel: this.named(world.channels),
      language: this.named(world.languages),
      fields: { country: this.named(world.countries), orders: Math.floor(Math.exp(1 + normal() + shift)) },
      words: random() < 0.005 ? 0 : 1 + Math.floor(Math.exp(3.2 + 0.6 * (normal() + shift))),
      unknownShare: Math.min(1, Math.max(0, 0.04 + 0.05 * (normal() + shift))),
      fingerprint: `${this.seed}-${index}`,
    };
  }

  private drawTopic(): Topic {
    const at = this.random() * (this.cumulative.at(-1) ?? 1);
    const index = this.cumulative.findIndex((sum) => sum > at);
    return this.world.topics[Math.max(0, index)] as Topic;
  }

  private named(names: readonly { name: string; share: number }[]): string {
    let at = this.random();
    for (const { name, share } of names) if ((at -= share) < 0) return name;
    return names[0]?.name ?? '';
  }

  private embedding({ centre }: Topic): Float32Array {
    const vector = new Float32Array(this.world.size);
    for (let at = 0; at < vector.length; at += 1) {
      // The noise has fewer directions than the embedding has numbers, each weaker than the last.
      const spread = (at % noiseDirections) + 1;
      vector[at] = centre[at]! + (noiseShare * this.normal()) / Math.sqrt(vector.length) / spread ** 0.25;
    }
    return unit(vector);
  }
}
