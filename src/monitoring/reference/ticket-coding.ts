/**
 * Observations as numbers: names become indices, embeddings coordinates. Windows and detectors work on these, so they never hold a
 * text, a customer's name or an embedding.
 */
import { hash32 } from '../../statistics/random.js';
import { copyBands } from '../../models/features/text-facts.js';
import { Locator, type EmbeddingSpace } from './embedding-space.js';
import type { Slice } from '../observations/finding.js';
import type { TextSignature } from '../observations/near-duplicates.js';
import type { Observation } from '../observations/observation.js';
import { observationSignals, type FieldKind, type ObservationSignal } from '../observations/signals.js';
import type { TimeBlocks } from '../observations/time-blocks.js';

/** One number of a coded ticket: that of a signal, or one of the two that locate its embedding. */
export interface Measure {
  signal: string;
  /** Null where the signal has one measure */
  part: 'novelty' | 'topic' | null;
  kind: 'names' | 'number';
  /** Of `names`: the frequent ones. Bins for rare, unseen and missing names follow. */
  names: string[];
  /** Hashes of the rare names, to distinguish them from unseen ones */
  rare: number[];
  /** Of `number`: where one bin ends and the next begins, ascending */
  edges: number[];
  /** Whether it differs between hours of the week */
  hasRhythm: boolean;
}

export interface Coding {
  fields: FieldKind[];
  measures: Measure[];
  space: EmbeddingSpace | null;
  /** Group of each of the space's centroids */
  topics: number[];
  blocks: TimeBlocks;
  /** All tickets, each large slice, and the small ones of a kind together (`otherSlices`) */
  slices: Slice[];
}

/** Value of the slices that are too small to be monitored separately. */
export const otherSlices = '(others)';
export const sliceKinds = ['channel', 'language', 'contactType'] as const;

export interface CodedTicket extends TextSignature {
  /** Of `source:ticketId`, 53 bits */
  key: number;
  /** ms since 1970 */
  at: number;
  point: Int16Array | null;
  /** Of each measure: place of a name, or number; NaN where missing. Single precision, so that it is the same once stored. */
  values: Float32Array;
  /** Indices of its slices, `all` included */
  slices: number[];
}

/** 53 bits of a text */
export const hash53 = (text: string): number =>
  hash32(text, 0x5bd1e995) * 2_097_152 + (hash32(text, 0x27d4eb2f) >>> 11);

/** Number of bins of a measure. */
export const binCount = ({ kind, names, edges }: Measure): number =>
  kind === 'names' ? names.length + 3 : edges.length + 1;

/** @returns the bin of a value; -1 where it is missing */
export function findBin({ kind, edges }: Measure, value: number): number {
  if (Number.isNaN(value)) return -1;
  if (kind === 'names') return value;
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Tickets without words are no copies of each other: each counts. Older stored tickets have no bands. */
export function textSignature({ words, key, fingerprint }: Observation): TextSignature {
  const bands = new Uint32Array(copyBands);
  if (words === 0) return { fingerprint: hash53(`\0${key}`), bands };
  const [, banded = ''] = fingerprint.split('~');
  if (banded !== '') banded.split('-', copyBands).forEach((band, at) => (bands[at] = parseInt(band, 36)));
  return { fingerprint: hash53(fingerprint), bands };
}

export class TicketCoder {
  private readonly signals: ObservationSignal[];
  private readonly places: Map<string, number>[];
  private readonly rare: Set<number>[];
  private readonly sliceAt: Map<string, number>;
  private readonly locator: Locator | null;

  /** @param singletons of each measure, hashes of names that count as unseen */
  constructor(
    readonly coding: Coding,
    private readonly once: readonly Set<number>[] = [],
  ) {
    const { measures, fields, slices, space } = coding;
    this.locator = space && new Locator(space);
    this.signals = observationSignals(fields);
    this.places = measures.map(({ names }) => new Map(names.map((name, place) => [name, place])));
    this.rare = measures.map(({ rare }) => new Set(rare));
    this.sliceAt = new Map(slices.map(({ by, value }, place) => [`${by} ${value}`, place]));
  }

  code(observation: Observation): CodedTicket {
    const { coding, signals } = this;
    const values = new Float32Array(coding.measures.length).fill(NaN);
    signals.forEach((signal, index) => (values[index] = this.read(signal, index, observation)));
    const { embedding } = observation;
    const point = this.locator && embedding ? this.locator.project(embedding) : null;
    const coded: CodedTicket = {
      key: hash53(observation.key),
      ...textSignature(observation),
      at: observation.occurredAt.getTime(),
      point,
      values,
      slices: this.slicesOf(observation),
    };
    this.locate(coded);
    return coded;
  }

  /** Sets distance and topic from the ticket's coordinates. */
  private locate({ point, values }: CodedTicket): void {
    if (!this.locator || !point) return;
    const { centroid, distance } = this.locator.nearestCentroid(point);
    values[this.signals.length] = distance;
    values[this.signals.length + 1] = this.coding.topics[centroid] ?? 0;
  }

  private read(signal: ObservationSignal, index: number, observation: Observation): number {
    if (signal.kind === 'numeric') return signal.read(observation) ?? NaN;
    if (signal.kind === 'share') {
      const value = signal.read(observation);
      return value === null ? NaN : Number(value);
    }
    const name = signal.read(observation);
    const places = this.places[index] as Map<string, number>;
    if (name === null) return places.size + 2;
    const known = places.get(name);
    if (known !== undefined) return known;
    const hash = hash32(name);
    return this.rare[index]?.has(hash) && !this.once[index]?.has(hash) ? places.size : places.size + 1;
  }

  private slicesOf(observation: Observation): number[] {
    const slices = [0];
    for (const by of sliceKinds) {
      const value = observation[by];
      if (value === null) continue;
      const place = this.sliceAt.get(`${by} ${value}`) ?? this.sliceAt.get(`${by} ${otherSlices}`);
      if (place !== undefined) slices.push(place);
    }
    return slices;
  }
}
