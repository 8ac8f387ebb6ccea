/** What each gate of a promotion says, in English. The pages have the other languages by the same keys. */
import { figure, sayer } from '../../messages/localized-message.js';

interface Difference {
  points: number;
  low: number;
  high: number;
}
interface HeldOut {
  tickets: number;
  least: number;
}
type NotWorse = Difference & { worse: number; margin: number };
interface Calibration {
  error: number;
  champion: number;
  limit: number;
  most: number;
  chance: number;
}

const interval = ({ points, low, high }: Difference): string =>
  `${figure(points)} points (95 % interval ${figure(low)} to ${figure(high)})`;
const heldOut =
  (ground: string) =>
  ({ tickets, least }: HeldOut): string =>
    `${tickets} held-out tickets (${ground}); at least ${least} are asked for`;
const atMost = ({ worse, margin }: NotWorse): string =>
  `worse by ${figure(worse)} points at most, ${margin} is allowed`;
const allowed = ({ limit, most, chance }: Calibration): string =>
  `${limit.toFixed(3)} is allowed anyway (limit ${most}, by chance ${chance.toFixed(3)})`;

/** Differences are the challenger's less the champion's, in points. */
export const gateSayings = {
  loads: () => 'it loads and answers in a process of its own',
  broken: ({ failure }: { failure: string }) => failure,
  'no-answer': () => 'it did not answer in its sandbox',
  'held-out-trusted': heldOut('audit, correction and history labels'),
  'held-out-weighted-choices': heldOut('choices, corrected for what was shown'),
  'held-out-choices': heldOut('choices that nothing corrects for what was shown: biased'),
  agreement: ({ share }: { share: number }) =>
    `it answers like the champion on ${figure(100 * share)} % of the tickets`,
  evidence: (of: Difference & { evidence: number; needed: number }) =>
    `${interval(of)}; evidence that it is better ${figure(of.evidence)}, ${figure(of.needed)} is enough`,
  'worse-at-most': (of: NotWorse) => `${interval(of)}; ${atMost(of)}`,
  'worse-at-most-by-score': (of: NotWorse & { score: number; scoreLow: number; scoreHigh: number }) =>
    `${interval(of)}; by the score of the probabilities ${interval({ points: of.score, low: of.scoreLow, high: of.scoreHigh })}; ${atMost(of)}`,
  shown: (of: Difference & { margin: number }) =>
    `shown and right, or rightly silent: ${interval(of)}; ${of.margin} points worse is the most`,
  'no-slice-worse': ({ slices, margin }: { slices: number; margin: number }) =>
    `none of ${slices} slices is worse beyond ${margin} points`,
  'slices-worse': (of: {
    by: string;
    value: string;
    points: number;
    tickets: number;
    worse: number;
    slices: number;
    margin: number;
  }) =>
    `${of.worse} of ${of.slices} slices are worse beyond ${of.margin} points, most of all ${of.by} ${of.value}: ${figure(of.points)} points on ${of.tickets} tickets`,
  'error-above': (of: Calibration & { excess: number }) =>
    `calibration error ${of.error.toFixed(3)}, surely ${of.excess.toFixed(3)} above the champion's ${of.champion.toFixed(3)}; ${allowed(of)}`,
  'error-not-above': (of: Calibration) =>
    `calibration error ${of.error.toFixed(3)}, not surely above the champion's ${of.champion.toFixed(3)}; ${allowed(of)}`,
  'speed-not-measured': () => 'its speed was not measured',
  slowdown: ({ times, most }: { times: number; most: number }) =>
    `a ticket takes ${times.toFixed(2)} times as long as with the champion; at most ${most}`,
  'has-reference': () => 'it has a drift reference',
  'no-reference': () => 'it has no drift reference: the monitor would be blind',
};

export const say = sayer(gateSayings);
