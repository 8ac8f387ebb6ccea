/**
 * Classifies a change of texts beyond label shift: a new topic, or a wording shift. A wording shift moves nearly all tickets a little; a
 * new topic moves its own tickets far and leaves the others in place. Predicted templates do not help: a new topic is spread over all.
 */
import type { Cause } from './cause.js';
import type { LabelShift } from './label-shift-test.js';
import { estimateMovement } from './movement.js';
import type { LabelledObservation, Observation } from '../observations/observation.js';
import { fisherGreater } from '../../statistics/proportions.js';
import { message } from '../messages.js';

/** Goodness of fit below which label shift does not explain the embeddings. */
const level = 0.02;
/** A smaller excess may be chance, or too small to matter */
const minExcess = 1.8;
/** Score of evenness and familiarity from which on it is a wording shift */
const minWordingScore = 0.65;
/** Weight of the share of moved tickets that are still similar to known ones */
const familiarWeight = 0.3;
/** Quantile of the reference's similarity below which a ticket is novel */
const novelQuantile = 0.1;

export interface TextShift {
  cause: Cause;
  /** Per ticket of the window: how novel it is */
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
  const novel = similarity.window.reduce((count, value) => count + (value < cut ? 1 : 0), 0);
  const novelBefore = similarity.reference.reduce((count, value) => count + (value < cut ? 1 : 0), 0);
  const [now, before] = [novel / window.length, novelBefore / reference.length];
  const pValue = Math.max(
    labelShift.fit,
    fisherGreater({ hits: novel, of: window.length }, { hits: novelBefore, of: reference.length }),
  );
  const share = Math.max((now - before) / (1 - before), 0);
  const movement = estimateMovement(reference, window, random);
  const novelShare = Math.min(share / Math.max(movement.share, 1e-12), 1);
  if (movement.evenness + familiarWeight * (1 - novelShare) > minWordingScore) {
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
