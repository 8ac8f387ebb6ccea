/** Whether a version is as often right as it says, told apart from what chance alone makes of few tickets. */

export interface ScoredConfidence {
  /** Probability of the first template, 0–1 */
  confidence: number;
  /** What the label says of it: 1 right, 0 wrong; other numbers where a choice is weighted */
  correct: number;
}

const bins = 15;
const resamples = 200;

/** Expected calibration error over bins of equal mass, 0–1 (Nixon et al. 2019); as in `replyrank evaluate`. */
export function calibrationError(answers: readonly ScoredConfidence[]): number {
  return answers.length === 0 ? 0 : binnedError(confidenceGaps(answers, byConfidence(answers)));
}

const byConfidence = (answers: readonly ScoredConfidence[]): number[] =>
  [...answers.keys()].sort((a, b) => (answers[a]?.confidence ?? 0) - (answers[b]?.confidence ?? 0));

const confidenceGaps = (answers: readonly ScoredConfidence[], order: readonly number[]): Float64Array =>
  Float64Array.from(order, (at) => (answers[at]?.confidence ?? 0) - (answers[at]?.correct ?? 0));

/** @param gaps of confidence and what was right, in the order of confidence */
function binnedError(gaps: Float64Array): number {
  let error = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const start = Math.floor((bin * gaps.length) / bins);
    const end = Math.floor(((bin + 1) * gaps.length) / bins);
    let gap = 0;
    for (let at = start; at < end; at += 1) gap += gaps[at] as number;
    error += Math.abs(gap) / gaps.length;
  }
  return error;
}

/**
 * The error that a version with perfect probabilities exceeds on one in twenty sets of such tickets.
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
 * By how much the calibration error of one version is surely above another's on the same tickets: the lower end of the one-sided
 * 95 % interval of the difference, by the paired bootstrap (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993).
 */
export function calibrationExcess(
  one: readonly ScoredConfidence[],
  other: readonly ScoredConfidence[],
  random: () => number,
): number {
  if (one.length === 0) return 0;
  const versions = [one, other].map((said) => {
    const order = byConfidence(said);
    return { order, gaps: confidenceGaps(said, order) };
  });
  const sample = new Float64Array(one.length);
  const differences = Float64Array.from({ length: resamples }, () => {
    const multiplicity = new Int32Array(one.length);
    one.forEach(() => {
      const at = Math.floor(random() * multiplicity.length);
      multiplicity[at] = (multiplicity[at] as number) + 1;
    });
    const [errorA = 0, errorB = 0] = versions.map(({ order, gaps }) => {
      let count = 0;
      order.forEach((at, place) => {
        const next = count + (multiplicity[at] as number);
        sample.fill(gaps[place] as number, count, next);
        count = next;
      });
      return binnedError(sample);
    });
    return errorA - errorB;
  }).sort();
  return differences[Math.floor(0.05 * resamples)] ?? 0;
}
