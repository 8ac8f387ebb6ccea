/**
 * What texts that have moved beyond a change of shares are: a new topic, or other words for what was asked before. A change of
 * wording moves nearly all tickets, each a little; of a new topic's tickets each has moved far, and the others stand where they
 * stood. Which templates they are taken for says nothing: a new topic's are spread over all of them, where none is near.
 */
import type { Cause } from './cause.js';
import type { LabelShift } from './label-shift-test.js';
import { estimateMovement } from './movement.js';
import type { LabelledObservation, Observation } from '../observations/observation.js';
import { fisherGreater } from '../../statistics/proportions.js';
import { message } from '../messages.js';

/** Below it, the embeddings have moved more than shares alone would move them. */
const level = 0.02;
/** Below it chance, or what no one would call a cause, is as likely */
const minExcess = 1.8;
/** Evenness of a movement, and what it has beyond tickets that are strange, from which on it is a change of wording */
const minWordingScore = 0.65;
/** How much it counts that most of the tickets that moved are still like known ones */
const familiarWeight = 0.3;
/** Tickets less like any known one than this part of the reference */
const novelQuantile = 0.1;

export interface TextShift {
  cause: Cause;
  /** Per ticket of the window: how much it belongs to what is new, higher is more */
  novelty: Float64Array;
}

export interface TextShiftInput {
  reference: readonly LabelledObservation[];
  window: readonly Observation[];
  similarity: { reference: Float64Array; window: Float64Array };
  labelShift: Pick<LabelShift, 'fit' | 'excess' | 'unexplained' | 'explains'>;
  random: () => number;
}

/** @returns null where shares alone explain the embeddings */
export function classifyTextShift({
  reference,
  window,
  similarity,
  labelShift,
  random,
}: TextShiftInput): TextShift | null {
  if (labelShift.explains || labelShift.fit > level || labelShift.excess < minExcess) return null;
  const cut = quantile(similarity.reference, novelQuantile);
  const strange = similarity.window.reduce((count, value) => count + (value < cut ? 1 : 0), 0);
  const usual = similarity.reference.reduce((count, value) => count + (value < cut ? 1 : 0), 0);
  const [now, before] = [strange / window.length, usual / reference.length];
  const pValue = Math.max(
    labelShift.fit,
    fisherGreater({ hits: strange, of: window.length }, { hits: usual, of: reference.length }),
  );
  const share = Math.max((now - before) / (1 - before), 0);
  const movement = estimateMovement(reference, window, random);
  const strangers = Math.min(share / Math.max(movement.share, 1e-12), 1);
  if (movement.evenness + familiarWeight * (1 - strangers) > minWordingScore) {
    const headline = message('wording', { moved: movement.share, now, before });
    return {
      cause: { kind: 'wording', subject: '', share: movement.share, pValue, ...headline },
      novelty: movement.displacement,
    };
  }
  return {
    cause: { kind: 'new-topic', subject: '', share, pValue, ...message('new-topic', { now, before }) },
    novelty: similarity.window.map((value) => 1 - value),
  };
}

function quantile(values: Float64Array, part: number): number {
  return values.toSorted()[Math.floor(part * values.length)] ?? 0;
}
