/**
 * Detects changes of one measure in one slice, ticket by ticket, with a Shiryaev–Roberts e-detector for each alternative:
 * M ← (M + 1) · e. Without a change its mean grows by at most one a ticket, so the mean number of tickets to M ≥ c is at least c.
 *
 * The baseline is the reference and all tickets since, as counts, which accounts for its finite size. Numbers are ranked among them, randomised for ties (conformal test martingale; Vovk et al., arXiv 2102.10439); names are predicted by Jeffreys'
 * rule from them, under which the likelihood ratio has mean 1.
 */
import {
  rankCells,
  categoryEValue,
  rateRatios,
  noveltyMixture,
  numericMixture,
  type BettingMixture,
  type Direction,
} from './betting-detectors.js';
import { binCount, type Measure } from '../reference/ticket-coding.js';

/** Names that have detectors of their own; the window tests cover the others. */
const maxNames = 40;
const maxSliceNames = 12;
/**
 * A decrease is tested only for names that the reference has at least so often: Jeffreys' rule gives absent names a probability, in
 * each block of hours, so that a test for fewer would always succeed.
 */
const minCountForDecrease = 5;
/** Tickets that an effect is measured on; at most twice as many. */
const effectTickets = 500;

export interface DetectorState {
  /** Tickets added to those of the reference, [blocks × bins] */
  since: number[];
  evidence: number[];
  recent: number[];
}

export interface DetectorOptions {
  measure: Measure;
  /** Of the reference, [blocks × bins]; zeros where there is none */
  counts: Float64Array;
  isSlice: boolean;
  minEffect: number;
  /** Direction of the changes to detect; default `both` */
  direction?: Direction;
}

export class SignalDetector {
  /** Weighted mean of the M of all alternatives */
  evidence = 0;
  private readonly bins: number;
  private readonly counts: Float64Array;
  private readonly totals: Float64Array;
  private readonly mixture: BettingMixture | null;
  private readonly alternatives: RateAlternative[];
  /** M of each alternative */
  private readonly values: Float64Array;
  /** Counts of the last tickets in two halves: the older one is dropped when the newer one is full. [2 × bins] */
  private readonly recent: Float64Array;
  private readonly recentTotals = new Float64Array(2);

  constructor(private readonly options: DetectorOptions) {
    const { measure, counts, minEffect, direction = 'both' } = options;
    this.bins = binCount(measure);
    this.counts = Float64Array.from(counts);
    this.totals = new Float64Array(counts.length / this.bins);
    counts.forEach((count, place) => {
      const block = Math.floor(place / this.bins);
      this.totals[block] = this.totals[block]! + count;
    });
    const createMixture =
      measure.part === 'novelty' ? noveltyMixture : (effect: number) => numericMixture(effect, direction);
    this.mixture = measure.kind === 'number' ? createMixture(minEffect) : null;
    this.alternatives = this.mixture ? [] : rateAlternatives(options);
    this.values = new Float64Array(this.mixture?.functions.length ?? this.alternatives.length);
    this.recent = new Float64Array(2 * this.bins);
  }

  /** @param bin where the ticket's value falls @param random of the ticket, in [0, 1) */
  add(bin: number, block: number, random: number): void {
    if (this.mixture) this.updateByRank(this.mixture, bin, block, random);
    else this.updateByCategory(bin, block);
    const place = block * this.bins + bin;
    this.counts[place] = this.counts[place]! + 1;
    this.totals[block] = this.totals[block]! + 1;
    this.addRecent(bin);
  }

  /** Restarts after an alarm; the baseline stays. */
  restart(): void {
    this.values.fill(0);
    this.evidence = 0;
  }

  /** Counts by bin of the last 500 to 1,000 tickets and of the reference. */
  effect(): { window: Float64Array; reference: Float64Array; bin: number } {
    const { bins, recent, options } = this;
    const window = Float64Array.from({ length: bins }, (_, bin) => recent[bin]! + recent[bins + bin]!);
    const reference = new Float64Array(bins);
    options.counts.forEach((count, place) => (reference[place % bins] = reference[place % bins]! + count));
    // Without a reference, the tickets before the last ones.
    if (reference.every((count) => count === 0)) {
      this.counts.forEach((count, place) => (reference[place % bins] = reference[place % bins]! + count));
      window.forEach((count, bin) => (reference[bin] = reference[bin]! - count));
    }
    const strongest = this.values.reduce((best, value, at) => (value > this.values[best]! ? at : best), 0);
    return { window, reference, bin: this.alternatives[strongest]?.name ?? -1 };
  }

  toJSON(): DetectorState {
    const since = this.counts.map((count, place) => count - this.options.counts[place]!);
    return { since: [...since], evidence: [...this.values], recent: [...this.recent, ...this.recentTotals] };
  }

  resume({ since, evidence, recent }: DetectorState): void {
    since.forEach((count, place) => {
      this.counts[place] = this.options.counts[place]! + count;
    });
    this.totals.fill(0);
    this.counts.forEach((count, place) => {
      const block = Math.floor(place / this.bins);
      this.totals[block] = this.totals[block]! + count;
    });
    // The state of a version with other alternatives is dropped.
    if (evidence.length === this.values.length) this.values.set(evidence);
    this.recent.set(recent.slice(0, this.recent.length));
    this.recentTotals.set(recent.slice(this.recent.length));
    this.evidence = this.weightedEvidence();
  }

  private updateByRank({ functions }: BettingMixture, bin: number, block: number, random: number): void {
    const start = block * this.bins;
    let below = 0;
    for (let other = 0; other < bin; other += 1) below += this.counts[start + other]!;
    const rank = (below + random * (this.counts[start + bin]! + 1)) / (this.totals[block]! + 1);
    const cell = Math.min(rankCells - 1, Math.floor(rank * rankCells));
    for (let at = 0; at < functions.length; at += 1) {
      this.values[at] = (this.values[at]! + 1) * (functions[at] as Float64Array)[cell]!;
    }
    this.evidence = this.weightedEvidence();
  }

  private updateByCategory(bin: number, block: number): void {
    const total = this.totals[block]! + 1;
    const { minEffect } = this.options;
    for (let at = 0; at < this.alternatives.length; at += 1) {
      const { name, ratio } = this.alternatives[at] as RateAlternative;
      const share = (this.counts[block * this.bins + name]! + 0.5) / total;
      this.values[at] = (this.values[at]! + 1) * categoryEValue(ratio, share, name === bin, minEffect);
    }
    this.evidence = this.weightedEvidence();
  }

  private weightedEvidence(): number {
    const { values, mixture } = this;
    let sum = 0;
    if (!mixture) {
      for (const value of values) sum += value;
      return sum / Math.max(1, values.length);
    }
    for (let at = 0; at < values.length; at += 1) sum += values[at]! * mixture.weights[at]!;
    return sum;
  }

  private addRecent(bin: number): void {
    const { recent, recentTotals, bins } = this;
    if (recentTotals[1]! >= effectTickets) {
      recent.copyWithin(0, bins);
      recent.fill(0, bins);
      recentTotals[0] = recentTotals[1]!;
      recentTotals[1] = 0;
    }
    recent[bins + bin] = recent[bins + bin]! + 1;
    recentTotals[1] = recentTotals[1]! + 1;
  }
}

/** The hypothesis that a name's share changes by a ratio */
interface RateAlternative {
  name: number;
  ratio: number;
}

function rateAlternatives({ measure, counts, isSlice, direction = 'both' }: DetectorOptions): RateAlternative[] {
  const bins = measure.names.length + 3;
  const totals = new Float64Array(bins);
  counts.forEach((count, place) => (totals[place % bins] = totals[place % bins]! + count));
  const isNew = totals.every((count) => count === 0);
  return [...monitoredNames(measure, totals, isSlice)].flatMap((name) =>
    rateRatios
      .filter((ratio) => direction === 'both' || ratio > 1 === (direction === 'higher'))
      .filter((ratio) => ratio > 1 || isNew || totals[name]! >= minCountForDecrease)
      .map((ratio) => ({ name, ratio })),
  );
}

/** The most frequent names, and the bins for rare, unseen and missing names. */
function monitoredNames({ names }: Measure, totals: Float64Array, isSlice: boolean): Int32Array {
  if (names.join() === 'no,yes') return Int32Array.of(1);
  const frequent = [...names.keys()].sort((a, b) => totals[b]! - totals[a]! || a - b);
  const kept = frequent.slice(0, isSlice ? maxSliceNames : maxNames);
  return Int32Array.from([...kept, names.length, names.length + 1, names.length + 2]);
}
