/** Calibration error of a version, and the error that chance explains in a small sample. */

export interface ScoredConfidence {
  /** Probability of the first template, 0–1 */
  confidence: number;
  /** 1 correct, 0 wrong; other values for weighted choices */
  correct: number;
}

const bins = 15;
const resamples = 200;

/** Expected calibration error over bins of equal mass, 0–1 (Nixon et al. 2019); as in `replyrank evaluate`. */
export function calibrationError(predictions: readonly ScoredConfidence[]): number {
  return predictions.length === 0 ? 0 : binnedError(confidenceGaps(predictions, byConfidence(predictions)));
}

const byConfidence = (predictions: readonly ScoredConfidence[]): number[] =>
  [...predictions.keys()].sort((a, b) => (predictions[a]?.confidence ?? 0) - (predictions[b]?.confidence ?? 0));

const confidenceGaps = (predictions: readonly ScoredConfidence[], order: readonly number[]): Float64Array =>
  Float64Array.from(order, (at) => (predictions[at]?.confidence ?? 0) - (predictions[at]?.correct ?? 0));

/** @param gaps confidence − correct, ordered by confidence */
function binnedError(gaps: Float64Array): number {
  let error = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const start = Math.floor((bin * gaps.length) / bins);
    const end = Math.floor(((bin + 1) * gaps.length) / bins);
    let gap = 0;
    for (let at = start; at < end; at += 1) gap += gaps[at]!;
    error += Math.abs(gap) / gaps.length;
  }
  return error;
}

/**
 * 95th percentile of the error of a perfectly calibrated version on tickets with these confidences.
 *
 * @param confidences of the first templates, 0–1
 */
export function chanceCalibrationError(confidences: readonly number[], random: () => number): number {
  if (confidences.length === 0) return 0;
  const sorted = Float64Array.from(confidences).sort();
  const errors = Float64Array.from({ length: resamples }, () =>
    binnedError(sorted.map((confidence) => confidence - (random() < confidence ? 1 : 0))),
  ).sort();
  return errors[Math.floor(0.95 * resamples)] ?? 0;
}

/**
 * Difference of two versions' calibration errors on the same tickets: lower bound of the one-sided 95 % interval, by the paired
 * bootstrap (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993).
 */
export function calibrationExcess(
  a: readonly ScoredConfidence[],
  b: readonly ScoredConfidence[],
  random: () => number,
): number {
  if (a.length === 0) return 0;
  const versions = [a, b].map((version) => {
    const order = byConfidence(version);
    return { order, gaps: confidenceGaps(version, order) };
  });
  const sample = new Float64Array(a.length);
  const differences = Float64Array.from({ length: resamples }, () => {
    const multiplicity = new Int32Array(a.length);
    a.forEach(() => {
      const at = Math.floor(random() * multiplicity.length);
      multiplicity[at] = multiplicity[at]! + 1;
    });
    const [errorA = 0, errorB = 0] = versions.map(({ order, gaps }) => {
      let count = 0;
      order.forEach((at, place) => {
        const next = count + multiplicity[at]!;
        sample.fill(gaps[place]!, count, next);
        count = next;
      });
      return binnedError(sample);
    });
    return errorA - errorB;
  }).sort();
  return differences[Math.floor(0.05 * resamples)] ?? 0;
}
