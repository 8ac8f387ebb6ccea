/** What each promotion gate found, in English. The pages have the other languages by the same keys. */
import { formatFigure, messageCatalog } from '../../messages/localized-message.js';
import { formatPercent } from '../../statistics/percent.js';

interface Difference {
  points: number;
  low: number;
  high: number;
}
interface HeldOut {
  tickets: number;
  min: number;
}
type NonInferiority = Difference & { lowerBound: number; margin: number };
interface Calibration {
  error: number;
  champion: number;
  limit: number;
  max: number;
  chance: number;
}

const signed = (points: number): string => `${points < 0 ? '−' : '+'}${formatFigure(Math.abs(points))}`;
const interval = ({ points, low, high }: Difference): string =>
  `${signed(points)} pp (95% CI ${signed(low)} to ${signed(high)})`;
const heldOut =
  (labels: string) =>
  ({ tickets, min }: HeldOut): string =>
    `${tickets} held-out tickets (${labels}); minimum ${min}`;
const bound = ({ lowerBound, margin }: NonInferiority): string =>
  `lower bound ${signed(lowerBound)} pp, margin −${formatFigure(margin)} pp`;
const allowed = ({ limit, max, chance }: Calibration): string =>
  `allowed ${limit.toFixed(3)} (limit ${max}, chance ${chance.toFixed(3)})`;

/** Differences are challenger − champion, in percentage points. */
export const gateMessages = {
  loads: () => 'Loads and responds in an isolated process',
  broken: ({ failure }: { failure: string }) => `Does not load or respond: ${failure}`,
  'no-answer': () => 'No response from the isolated process',
  'held-out-trusted': heldOut('audit, correction and history labels'),
  'held-out-weighted-choices': heldOut('agent choices, corrected for position bias'),
  'held-out-choices': heldOut('uncorrected agent choices: biased'),
  agreement: ({ share }: { share: number }) => `Identical output on ${formatPercent(share)} of tickets`,
  evidence: (of: Difference & { evidence: number; required: number }) =>
    `${interval(of)}; e-value ${formatFigure(of.evidence)}, required ${formatFigure(of.required)}`,
  'worse-at-most': (of: NonInferiority) => `${interval(of)}; ${bound(of)}`,
  'worse-at-most-by-score': (of: NonInferiority & { score: number; scoreLow: number; scoreHigh: number }) =>
    `${interval(of)}; by Brier score ${interval({ points: of.score, low: of.scoreLow, high: of.scoreHigh })}; ${bound(of)}`,
  shown: (of: Difference & { margin: number }) =>
    `Correct suggestion or correct abstention: ${interval(of)}; margin −${formatFigure(of.margin)} pp`,
  'no-slice-worse': ({ slices, margin }: { slices: number; margin: number }) =>
    `None of ${slices} slices is significantly more than ${formatFigure(margin)} pp worse`,
  'slices-worse': (of: {
    by: string;
    value: string;
    points: number;
    tickets: number;
    worse: number;
    slices: number;
    margin: number;
  }) =>
    `${of.worse} of ${of.slices} slices significantly more than ${formatFigure(of.margin)} pp worse; worst: ${of.by} ${of.value}, ${signed(of.points)} pp on ${of.tickets} tickets`,
  'error-above': (of: Calibration & { excess: number }) =>
    `ECE ${of.error.toFixed(3)}, significantly above the champion's ${of.champion.toFixed(3)} (by at least ${of.excess.toFixed(3)}); ${allowed(of)}`,
  'error-not-above': (of: Calibration) =>
    `ECE ${of.error.toFixed(3)}, not significantly above the champion's ${of.champion.toFixed(3)}; ${allowed(of)}`,
  'speed-not-measured': () => 'Latency not measured',
  slowdown: ({ times, max }: { times: number; max: number }) =>
    `Latency ${times.toFixed(2)}× the champion's; maximum ${max}×`,
  'has-reference': () => 'Drift reference included',
  'no-reference': () => 'No drift reference: the version could not be monitored',
};

export const message = messageCatalog(gateMessages);
