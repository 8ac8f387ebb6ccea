/** One e-detector for each signal in each slice, weighted so that their sum is an e-detector again. */
import type { Finding } from '../observations/finding.js';
import type { OutcomeMeasure } from '../reference/outcome-measures.js';
import { blockCount, type Reference } from '../reference/reference.js';
import { binCount, type Measure } from '../reference/ticket-coding.js';
import { confidenceDropDirections } from './confidence-drop.js';
import { detectorWeights } from './detector-weights.js';
import { explainMove, momentsOfBins, nameMove, numberMove } from './effects.js';
import { SignalDetector } from './signal-detector.js';

export interface WeightedDetector {
  detector: SignalDetector;
  measure: Measure;
  /** Place of the measure: tickets' measures first, outcomes' after them */
  index: number;
  slice: number;
  weight: number;
}

/** Evidence of one signal in one slice. */
export interface SignalEvidence {
  strongest: WeightedDetector;
  evidence: number;
}

/** A model in service may be more confident than the reference by more than `confidenceDropDirections` allows for. */
const confidenceEffectFactor = 5;

export function createDetectors(
  reference: Reference,
  outcomes: readonly OutcomeMeasure[],
  minEffect: number,
): WeightedDetector[] {
  const { coding, counts } = reference;
  const measures = [...coding.measures, ...outcomes.map(({ measure }) => measure)];
  const detectors: WeightedDetector[] = [];
  coding.slices.forEach((slice, at) => {
    const weights = detectorWeights(coding.slices, measures, slice);
    measures.forEach((measure, index) => {
      const outcome = outcomes[index - coding.measures.length];
      // The reference has no slices of outcomes: each compares with its own past.
      const own = outcome ? (at === 0 ? outcome.counts : new Float64Array(binCount(measure))) : counts[at]?.[index];
      const weight = weights[index] ?? 0;
      if (!own || weight === 0) return;
      if (own.length !== (outcome ? 1 : blockCount(coding, measure)) * binCount(measure)) {
        throw new RangeError(`the reference's counts of ${measure.signal} do not fit its bins`);
      }
      const direction = confidenceDropDirections.get(measure.signal);
      const detector = new SignalDetector({
        measure,
        counts: own,
        isSlice: at > 0,
        minEffect: minEffect * (direction ? confidenceEffectFactor : 1),
        direction: direction ?? 'both',
      });
      detectors.push({ detector, measure, index, slice: at, weight });
    });
  });
  return detectors;
}

export function totalEvidence(detectors: readonly WeightedDetector[]): number {
  let sum = 0;
  for (const { weight, detector } of detectors) sum += weight * detector.evidence;
  return sum;
}

/** The strongest first. A signal with two measures has the evidence of both, and shows the stronger. */
export function evidenceBySignal(detectors: readonly WeightedDetector[]): SignalEvidence[] {
  const own = ({ weight, detector }: WeightedDetector): number => weight * detector.evidence;
  const bySignal = new Map<string, SignalEvidence>();
  for (const detector of detectors) {
    const key = `${detector.measure.signal} ${detector.slice}`;
    const other = bySignal.get(key);
    const strongest = other && own(other.strongest) >= own(detector) ? other.strongest : detector;
    bySignal.set(key, { strongest, evidence: own(detector) + (other?.evidence ?? 0) });
  }
  return [...bySignal.values()].sort((a, b) => b.evidence - a.evidence);
}

export function toFinding(
  { strongest: { detector, measure, slice: at }, evidence }: SignalEvidence,
  slices: readonly Finding['slice'][],
  threshold: number,
): Finding {
  const slice = slices[at] as Finding['slice'];
  const { window, reference, bin } = detector.effect();
  const move =
    measure.kind === 'names'
      ? nameMove(measure, { reference, window }, bin)
      : numberMove(measure, momentsOfBins(measure, reference), momentsOfBins(measure, window));
  return {
    signal: measure.signal,
    slice,
    statistic: detector.evidence,
    pValue: null,
    evidence,
    alarm: evidence >= threshold,
    effect: move.effect,
    explanation: explainMove(measure, slice, move),
  };
}
