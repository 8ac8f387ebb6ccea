/**
 * How the bound on false alarms is divided among signals and slices. Signals that say most about a model's replies have the largest
 * weights; absent signals have none.
 */
import type { Slice } from '../observations/finding.js';
import type { Measure } from '../reference/ticket-coding.js';

const weights: Record<string, number> = {
  embedding: 0.3,
  template: 0.1,
  contactType: 0.1,
  confidence: 0.1,
  entropy: 0.05,
  abstention: 0.05,
  words: 0.04,
  unknownWords: 0.06,
  empty: 0.04,
  channel: 0.03,
  language: 0.03,
  acceptance: 0.02,
  hits3: 0.02,
  accuracy: 0.02,
  calibration: 0.01,
};
const fieldsWeight = 0.05;

/** Part of the embedding's weight for its distance from known tickets; its topic has the rest. */
const noveltyShare = 0.75;

/** @param fields signals of fields, which share one weight */
export const signalWeight = (signal: string, fields: number): number => weights[signal] ?? fieldsWeight / fields;

/** Slices of a kind divide the tickets: together they have the weight of one detector. */
export const sliceWeight = (by: Slice['by']): number => (by === 'all' ? 0.7 : 0.1);

/** @returns the weights of a slice's measures, in their order; those of all slices and measures together are at most 1 in effect */
export function detectorWeights(slices: readonly Slice[], measures: readonly Measure[], slice: Slice): number[] {
  const fields = measures.filter(({ signal }) => weights[signal] === undefined).length;
  const measureWeight = ({ signal, part }: Measure): number => {
    const weight = signalWeight(signal, fields);
    return part === null ? weight : weight * (part === 'novelty' ? noveltyShare : 1 - noveltyShare);
  };
  const monitored = measures.filter(({ signal }) => signal !== slice.by);
  const total = monitored.reduce((sum, measure) => sum + measureWeight(measure), 0);
  const kinds = [...new Set(slices.map(({ by }) => by))];
  const all = kinds.reduce((sum, by) => sum + sliceWeight(by), 0);
  return measures.map((measure) =>
    measure.signal === slice.by ? 0 : ((sliceWeight(slice.by) / all) * measureWeight(measure)) / total,
  );
}
