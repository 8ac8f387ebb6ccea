/** Fits the coding of tickets on a reference. */
import { hash32 } from '../../statistics/random.js';
import { fitEmbeddingSpace, groupCentroids } from './embedding-space.js';
import type { Slice } from '../observations/finding.js';
import type { Observation } from '../observations/observation.js';
import { observationSignals, type FieldKind, type ObservationSignal } from '../observations/signals.js';
import { otherSlices, sliceKinds, type Coding, type Measure } from './ticket-coding.js';
import { singleBlock, fitTimeBlocks } from '../observations/time-blocks.js';

/** Names with fewer tickets are rare: distinguished from unseen ones, but not from each other. */
const minNameTickets = 5;
const maxNames = 255;
const maxRareNames = 5_000;
/** A field with at least so many different numbers is numeric, one with fewer is a code. */
const minDistinctNumbers = 12;
const maxSlicesPerKind = 12;
const minBlockTickets = 100;
const minSpaceTickets = 40;
export const topicGroups = 16;

/** Quantiles of the reference at which bins end: finer at both tails, where new values appear. */
const levels = [0.0025, 0.005, 0.01, 0.02, 0.03, ...Array.from({ length: 37 }, (_, at) => 0.05 + at * 0.025)];
const binLevels = [...levels, ...[0.03, 0.02, 0.01, 0.005, 0.0025].map((level) => 1 - level)];

export interface CodingOptions {
  seed: number;
  /** Tickets that a slice must have to be monitored separately */
  minSliceTickets: number;
}

export interface FittedCoding {
  coding: Coding;
  /** Of each measure, hashes of the names of a single ticket, which are unseen for all others. */
  singletons: Set<number>[];
}

/**
 * @param all the reference's tickets
 * @param part those that the embedding space is fitted on; they are not used as its reference
 */
export function fitCoding(
  all: readonly Observation[],
  part: readonly Observation[],
  { seed, minSliceTickets }: CodingOptions,
): FittedCoding {
  const fields = detectFieldKinds(all);
  const signals = observationSignals(fields);
  const vectors = part.map(({ embedding }) => embedding).filter((embedding) => embedding !== null);
  const space = vectors.length >= minSpaceTickets ? fitEmbeddingSpace(vectors, seed) : null;
  const fitted = signals.map((signal) => fitMeasure(signal, all));
  const measures = [...fitted.map(({ measure }) => measure), ...(space ? embeddingMeasures() : [])];
  const dated = all.filter(({ occurredAt }) => !Number.isNaN(occurredAt.getTime()));
  const coding: Coding = {
    fields,
    measures,
    space,
    topics: space ? groupCentroids(space, topicGroups, seed) : [],
    blocks:
      dated.length === all.length
        ? fitTimeBlocks(
            dated.map(({ occurredAt }) => occurredAt),
            minBlockTickets,
          )
        : singleBlock,
    slices: selectSlices(all, minSliceTickets),
  };
  return { coding, singletons: fitted.map(({ once }) => once) };
}

function detectFieldKinds(all: readonly Observation[]): FieldKind[] {
  const names = [...new Set(all.flatMap(({ fields }) => Object.keys(fields)))].sort();
  return names.map((name) => {
    const values = all.map(({ fields }) => fields[name]).filter((value) => value !== null && value !== undefined);
    const numbers = values.filter((value) => typeof value === 'number');
    const isNumeric = numbers.length >= 0.9 * values.length && new Set(numbers).size >= minDistinctNumbers;
    return { name, isNumeric };
  });
}

function fitMeasure(signal: ObservationSignal, all: readonly Observation[]): { measure: Measure; once: Set<number> } {
  const { name, kind } = signal;
  const measure: Measure = {
    signal: name,
    part: null,
    kind: 'names',
    names: [],
    rare: [],
    edges: [],
    hasRhythm: false,
  };
  const once = new Set<number>();
  if (kind === 'numeric') {
    const numbers = all.map((observation) => signal.read(observation)).filter((value) => value !== null);
    return { measure: { ...measure, kind: 'number', edges: binEdges(numbers) }, once };
  }
  if (kind === 'share') return { measure: { ...measure, names: ['no', 'yes'] }, once };
  const counts = new Map<string, number>();
  for (const observation of all) {
    const value = signal.read(observation);
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const names = sorted.slice(0, maxNames).filter(([, count]) => count >= minNameTickets);
  const others = sorted.slice(names.length);
  for (const [value, count] of others) if (count === 1) once.add(hash32(value));
  const rare = others.slice(0, maxRareNames).map(([value]) => hash32(value));
  return { measure: { ...measure, names: names.map(([value]) => value), rare }, once };
}

/** Bin edges at quantiles of the reference; single precision as the numbers themselves. */
export function binEdges(numbers: readonly number[]): number[] {
  const sorted = Float32Array.from(numbers).sort();
  const edges = binLevels.map((level) => sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))] ?? 0);
  return [...new Set(edges)].sort((a, b) => a - b);
}

function embeddingMeasures(): Measure[] {
  const topics = Array.from({ length: topicGroups }, (_, group) => `topic ${group + 1}`);
  const place = { signal: 'embedding', rare: [], edges: [], hasRhythm: false };
  return [
    { ...place, part: 'novelty', kind: 'number', names: [] },
    { ...place, part: 'topic', kind: 'names', names: topics },
  ];
}

function selectSlices(all: readonly Observation[], minInSlice: number): Slice[] {
  const slices: Slice[] = [{ by: 'all', value: '' }];
  for (const by of sliceKinds) {
    const counts = new Map<string, number>();
    for (const observation of all) {
      const value = observation[by];
      if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    // A single value covers all tickets.
    if (counts.size < 2) continue;
    const large = [...counts].filter(([, count]) => count >= minInSlice);
    large.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
    const values = large.slice(0, maxSlicesPerKind).map(([value]) => value);
    for (const value of [...values, otherSlices]) slices.push({ by, value });
  }
  return slices;
}
