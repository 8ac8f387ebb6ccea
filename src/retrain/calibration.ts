/** Whether a version is as often right as it says, told apart from what chance alone makes of few tickets. */

export interface Said {
  /** Probability of the first template, 0–1 */
  confidence: number;
  /** What the label says of it: 1 right, 0 wrong; other numbers where a choice is weighted */
  right: number;
}

const bins = 15;
const draws = 200;

/** Expected calibration error over bins of equal mass, 0–1 (Nixon et al. 2019); as in `replyrank evaluate`. */
export function calibrationError(answers: readonly Said[]): number {
  const sorted = [...answers].sort((a, b) => a.confidence - b.confidence);
  return sorted.length === 0 ? 0 : errorOf(sorted);
}

function errorOf(sorted: readonly Said[]): number {
  let error = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const start = Math.floor((bin * sorted.length) / bins);
    const end = Math.floor(((bin + 1) * sorted.length) / bins);
    let gap = 0;
    for (let at = start; at < end; at += 1) gap += (sorted[at]?.confidence ?? 0) - (sorted[at]?.right ?? 0);
    error += Math.abs(gap) / sorted.length;
  }
  return error;
}

/**
 * The error that a version with perfect probabilities exceeds on one in twenty sets of such tickets.
 *
 * @param confidences of the first templates, 0–1
 */
export function chanceError(confidences: readonly number[], random: () => number): number {
  if (confidences.length === 0) return 0;
  const sorted = confidences
    .map((confidence) => ({ confidence, right: 0 }))
    .sort((a, b) => a.confidence - b.confidence);
  const errors = Array.from({ length: draws }, () => {
    for (const one of sorted) one.right = random() < one.confidence ? 1 : 0;
    return errorOf(sorted);
  }).sort((a, b) => a - b);
  return errors[Math.floor(0.95 * draws)] ?? 0;
}
