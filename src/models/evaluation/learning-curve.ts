/**
 * How accuracy grows with labels. The error is taken to fall as a power law towards a floor, floor + scale · n^(-exponent)
 * (Cortes et al., "Learning curves: asymptotic values and rate of convergence", 1994; a survey of how well that holds:
 * Viering & Loog, "The shape of learning curves", 2022). The interval is a bootstrap over the trainings and the tested tickets
 * (Efron 1979); it captures sampling variance, not distribution shift.
 */
import { seeded } from '../../statistics/random.js';

/** One training of the curve: its labels, and per test ticket 1 if it was correct, else 0. */
export interface CurveRun {
  labels: number;
  right: Uint8Array;
}

export interface PowerLaw {
  floor: number;
  scale: number;
  exponent: number;
}

export interface Forecast {
  moreLabels: number;
  /** Gain of top-1, percentage points */
  gain: number;
  /** Bounds of the gain in 95 % of the resamples */
  low: number;
  high: number;
}

const exponents = Array.from({ length: 40 }, (_, index) => 0.05 * (index + 1));
const resamples = 300;

export const errorAt = ({ floor, scale, exponent }: PowerLaw, labels: number): number =>
  floor + scale * labels ** -exponent;

/**
 * Weighted least squares over a grid of exponents: large samples weigh more, as they are nearer to the forecast (Figueroa et
 * al., "Predicting sample size required for classification performance", 2012). Floor and scale are not negative, so that
 * more labels never increase the error.
 *
 * @param points error 0–1
 */
export function fitPowerLaw(points: readonly { labels: number; error: number }[]): PowerLaw {
  // All trainings of one size together weigh as one.
  const weights = points.map(({ labels }) => labels / points.filter((other) => other.labels === labels).length);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const weighted = (value: (point: { labels: number; error: number }, at: number) => number): number =>
    points.reduce((sum, point, at) => sum + ((weights[at] ?? 0) / total) * value(point, at), 0);
  const meanError = weighted(({ error }) => error);
  let best = { law: { floor: meanError, scale: 0, exponent: 1 }, loss: Infinity };
  for (const exponent of exponents) {
    const x = (labels: number): number => labels ** -exponent;
    const meanX = weighted(({ labels }) => x(labels));
    const spread = weighted(({ labels }) => (x(labels) - meanX) ** 2);
    const slope = weighted(({ labels, error }) => (x(labels) - meanX) * (error - meanError));
    let scale = spread > 0 ? Math.max(0, slope / spread) : 0;
    let floor = meanError - scale * meanX;
    if (floor < 0) {
      floor = 0;
      scale = weighted(({ labels, error }) => x(labels) * error) / weighted(({ labels }) => x(labels) ** 2);
    }
    const law = { floor, scale, exponent };
    const loss = weighted(({ labels, error }) => (errorAt(law, labels) - error) ** 2);
    if (loss < best.loss) best = { law, loss };
  }
  return best.law;
}

/**
 * @param from number of labels now
 * @returns the fitted law, and the gain for each number of additional labels
 */
export function extrapolate(
  runs: readonly CurveRun[],
  from: number,
  more: readonly number[],
  seed: number,
): { law: PowerLaw; forecasts: Forecast[] } {
  const tested = runs[0]?.right.length ?? 0;
  const everyTicket = Int32Array.from({ length: tested }, (_, index) => index);
  const law = fitPowerLaw(runs.map((run) => toPoint(run, everyTicket)));
  const random = seeded(seed);
  const gains = more.map((): number[] => []);
  for (let sample = 0; sample < resamples; sample += 1) {
    // The same tickets for all runs: their errors are correlated.
    const tickets = Int32Array.from({ length: tested }, () => Math.floor(random() * tested));
    const drawn = runs.map(() => runs[Math.floor(random() * runs.length)] as CurveRun);
    // A single size gives no curve.
    const some = new Set(drawn.map(({ labels }) => labels)).size > 1 ? drawn : runs;
    const resampled = fitPowerLaw(some.map((run) => toPoint(run, tickets)));
    more.forEach((labels, index) => gains[index]?.push(predictGain(resampled, from, labels)));
  }
  const forecasts = more.map((moreLabels, index) => {
    const sorted = (gains[index] ?? []).sort((a, b) => a - b);
    const gain = predictGain(law, from, moreLabels);
    const low = Math.min(gain, sorted[Math.floor(0.025 * resamples)] ?? gain);
    const high = Math.max(gain, sorted[Math.ceil(0.975 * resamples) - 1] ?? gain);
    return { moreLabels, gain: rounded(gain), low: rounded(low), high: rounded(high) };
  });
  return { law, forecasts };
}

const predictGain = (law: PowerLaw, from: number, more: number): number =>
  100 * (errorAt(law, from) - errorAt(law, from + more));
const rounded = (points: number): number => Math.round(points * 100) / 100;

function toPoint({ labels, right }: CurveRun, tickets: Int32Array): { labels: number; error: number } {
  let wrong = 0;
  for (const ticket of tickets) wrong += 1 - (right[ticket] ?? 0);
  return { labels, error: wrong / Math.max(1, tickets.length) };
}
