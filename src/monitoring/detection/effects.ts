/** Size of a signal's change: the effect in its own unit with a 95 % interval, and a sentence. */
import { wilsonInterval } from '../../statistics/intervals.js';
import type { Finding, Slice } from '../observations/finding.js';
import type { Moments } from '../reference/reference.js';
import { volumeSignal, signalLabel } from '../observations/signals.js';
import type { Measure } from '../reference/ticket-coding.js';
import { formatPercent } from '../../statistics/percent.js';

export interface Move {
  effect: Finding['effect'];
  /** In standard deviations of the reference */
  size: number;
  /** Before and now, in the effect's unit */
  from: number;
  to: number;
  /** Of names: which one */
  name: string | null;
}

const z95 = 1.959963984540054;

const rounded = (value: number): number => Number(value.toPrecision(6));

/** @returns the name of a bin, also of the three last ones */
export const binName = ({ names }: Measure, bin: number): string =>
  names[bin] ?? ['(rare)', '(unseen)', '(none)'][bin - names.length] ?? '';

export function numberMove(measure: Measure, reference: Moments, window: Moments): Move {
  const value = window.mean - reference.mean;
  const half =
    z95 * Math.sqrt(window.variance / Math.max(1, window.count) + reference.variance / Math.max(1, reference.count));
  const size =
    reference.variance > 0 ? Math.abs(value) / Math.sqrt(reference.variance) : Number(value !== 0) * Infinity || 0;
  return {
    effect: {
      value: rounded(value),
      low: rounded(value - half),
      high: rounded(value + half),
      unit: effectUnit(measure),
    },
    size,
    from: reference.mean,
    to: window.mean,
    name: null,
  };
}

/** Newcombe's hybrid score interval for the difference of two shares (1998, method 10). */
export function shareDifference(
  own: number,
  m: number,
  before: number,
  n: number,
): { value: number; low: number; high: number } {
  const [now, then] = [own / m, before / n];
  const [nowLow, nowHigh] = wilsonInterval(own, m);
  const [thenLow, thenHigh] = wilsonInterval(before, n);
  const value = now - then;
  return {
    value: rounded(value),
    low: rounded(value - Math.hypot(now - nowLow, thenHigh - then)),
    high: rounded(value + Math.hypot(nowHigh - now, then - thenLow)),
  };
}

export function nameMove(
  measure: Measure,
  { reference, window }: { reference: Float64Array; window: Float64Array },
  bin: number,
): Move {
  const sum = (counts: Float64Array): number => counts.reduce((a, b) => a + b, 0);
  const [n, m] = [sum(reference), sum(window)];
  const [before, own] = [reference[bin] ?? 0, window[bin] ?? 0];
  // Half a ticket, so that an unseen name has a variance.
  const usual = (before + 0.5) / (n + 1);
  return {
    effect: { ...shareDifference(own, m, before, n), unit: effectUnit(measure) },
    size: Math.abs(own / m - before / n) / Math.sqrt(usual * (1 - usual)),
    from: before / n,
    to: own / m,
    name: binName(measure, bin),
  };
}

/** Moments of binned numbers: each counts as the middle of its bin. */
export function momentsOfBins({ edges }: Measure, counts: Float64Array): Moments {
  const middle = (bin: number): number => {
    const [low, high] = [edges[bin - 1] ?? edges[bin] ?? 0, edges[bin] ?? edges[bin - 1] ?? 0];
    return (low + high) / 2;
  };
  let [count, sum, squares] = [0, 0, 0];
  counts.forEach((tickets, bin) => {
    count += tickets;
    sum += tickets * middle(bin);
    squares += tickets * middle(bin) ** 2;
  });
  const mean = count > 0 ? sum / count : 0;
  return { count, mean, variance: count > 1 ? Math.max(0, squares - count * mean ** 2) / (count - 1) : 0 };
}

export function volumeFinding(day: { date: Date; tickets: number; usual: number; evidence: number }): Finding {
  const { date, tickets, usual, evidence } = day;
  // A Poisson count's interval (Haight 1967), as multiples of the usual.
  const half = z95 * Math.sqrt(tickets + 1);
  const times = (count: number): number => rounded(count / Math.max(usual, 1));
  return {
    signal: volumeSignal.name,
    slice: { by: 'all', value: '' },
    statistic: evidence,
    pValue: null,
    evidence,
    alarm: true,
    effect: {
      value: times(tickets),
      low: times(Math.max(0, tickets - half)),
      high: times(tickets + half),
      unit: volumeSignal.unit,
    },
    explanation: `${date.toISOString().slice(0, 10)}: ${tickets} tickets; usual for that weekday: ${Math.round(usual)}.`,
  };
}

function effectUnit({ signal, kind, part }: Measure): string {
  if (part === 'novelty') return 'distance';
  return kind === 'number' ? signalLabel(signal).unit : 'share of tickets';
}

const plain = (value: number): string => String(Number(value.toPrecision(3)));

/** @returns a sentence such as "In channel email, channels: …" */
export function explainMove(measure: Measure, slice: Slice, { from, to, name }: Move): string {
  const where =
    slice.by === 'all' ? '' : `In ${slice.by === 'contactType' ? 'contact type' : slice.by} ${slice.value}: `;
  const { title } = signalLabel(measure.signal);
  if (name === null) return `${where}${title}: mean ${plain(to)} (reference ${plain(from)}).`;
  if (name === 'yes' || name === 'no')
    return `${where}${title}: ${formatPercent(name === 'yes' ? to : 1 - to)} (reference ${formatPercent(name === 'yes' ? from : 1 - from)}).`;
  return `${where}${title}: "${name}" ${formatPercent(to)} of tickets (reference ${formatPercent(from)}).`;
}
