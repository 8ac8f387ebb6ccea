/**
 * What texts that have moved beyond a change of shares are: a new topic, or other words for what was asked before. A change of
 * wording moves the tickets of all templates the same way; a new topic comes to the few templates that are nearest to it, and
 * is partly taken for more of them.
 */
import { percent } from './broken-input.js';
import type { Cause } from './cause.js';
import { meanOf, type LabelShift } from './label-shift-test.js';
import type { LabelledObservation, Observation } from './observation.js';
import { fisherGreater } from './proportions.js';

/** Below it, the embeddings have moved more than shares alone would move them. */
const level = 0.02;
/** Below it chance, or what no one would call a cause, is as likely */
const leastExcess = 1.8;
const fewestOfATemplate = 5;
/** A template has moved along where it went this part of the common way. */
const partOfTheWay = 0.4;
/** What is left beside the shares, and the share of tickets whose templates moved along: together up to 2. */
const wordingAbove = 1.35;
/** Tickets less like any known one than this part of the reference */
const strangePart = 0.1;

export interface MovedTexts {
  cause: Cause;
  /** Per ticket of the window: how much it belongs to what is new, higher is more */
  novelty: Float64Array;
}

export interface TextQuestion {
  reference: readonly LabelledObservation[];
  window: readonly Observation[];
  likeness: { reference: Float64Array; window: Float64Array };
  labelShift: Pick<LabelShift, 'fit' | 'excess' | 'left' | 'explains'>;
}

/** @returns null where shares alone explain the embeddings */
export function movedTexts({ reference, window, likeness, labelShift }: TextQuestion): MovedTexts | null {
  if (labelShift.explains || labelShift.fit > level || labelShift.excess < leastExcess) return null;
  const cut = quantile(likeness.reference, strangePart);
  const strange = likeness.window.reduce((count, value) => count + (value < cut ? 1 : 0), 0);
  const usual = likeness.reference.reduce((count, value) => count + (value < cut ? 1 : 0), 0);
  const [now, before] = [strange / window.length, usual / reference.length];
  const pValue = Math.max(
    labelShift.fit,
    fisherGreater({ hits: strange, of: window.length }, { hits: usual, of: reference.length }),
  );
  const { along, direction } = commonWay(reference, window);
  const share = Math.max((now - before) / (1 - before), 0);
  const likenessWords = `${percent(now)} of the tickets are less like any known one than ${percent(before)} were before`;
  if (labelShift.left + along > wordingAbove) {
    const sentence = `Tickets say what they said before in other words: ${percent(along)} of them are of templates whose tickets moved the same way; ${likenessWords}.`;
    const novelty = Float64Array.from(window, ({ embedding }) =>
      embedding ? embedding.reduce((sum, value, at) => sum + value * (direction[at] as number), 0) : 0,
    );
    return { cause: { kind: 'wording', subject: '', share: along, pValue, sentence }, novelty };
  }
  const sentence = `A new topic: ${likenessWords}, and more of the known templates does not explain them.`;
  return {
    cause: { kind: 'new-topic', subject: '', share, pValue, sentence },
    novelty: likeness.window.map((value) => 1 - value),
  };
}

/** The mean way of the tickets of each predicted template; and the share of tickets whose templates moved along it. */
function commonWay(
  reference: readonly Observation[],
  window: readonly Observation[],
): { along: number; direction: Float64Array } {
  const [before, now] = [byTemplate(reference), byTemplate(window)];
  const ways = [...now].flatMap(([templateId, vectors]) => {
    const known = before.get(templateId) ?? [];
    if (known.length < fewestOfATemplate || vectors.length < fewestOfATemplate) return [];
    const [from, to] = [meanOf(known), meanOf(vectors)];
    return [{ way: to.map((value, at) => value - (from[at] as number)), tickets: vectors.length }];
  });
  const tickets = ways.reduce((sum, way) => sum + way.tickets, 0);
  const mean = new Float64Array(ways[0]?.way.length ?? 0);
  for (const { way, tickets: weight } of ways)
    way.forEach((value, at) => (mean[at] = (mean[at] as number) + (weight * value) / tickets));
  const squares = mean.reduce((sum, value) => sum + value * value, 0);
  const moved = ways.filter(
    ({ way }) => way.reduce((sum, value, at) => sum + value * (mean[at] as number), 0) > partOfTheWay * squares,
  );
  return { along: moved.reduce((sum, way) => sum + way.tickets, 0) / Math.max(tickets, 1), direction: mean };
}

function byTemplate(tickets: readonly Observation[]): Map<string, Float32Array[]> {
  const groups = new Map<string, Float32Array[]>();
  for (const { ranking, embedding } of tickets) {
    const first = ranking[0]?.templateId;
    if (first === undefined || embedding === null) continue;
    const group = groups.get(first);
    if (group) group.push(embedding);
    else groups.set(first, [embedding]);
  }
  return groups;
}

function quantile(values: Float64Array, part: number): number {
  return values.toSorted()[Math.floor(part * values.length)] ?? 0;
}
