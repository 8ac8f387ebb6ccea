/**
 * The one rule that raises alerts. Every signal in every slice has its e-detector; their weighted sum is an e-detector again,
 * however they depend on one another, so one threshold c keeps the promise for all of them together and for ever: without drift
 * the mean number of tickets to an alarm is at least c (docs/decisions/0004-one-rule-raises-alerts.md).
 *
 * Invariant: the state is a function of the reference, the settings and the sequence of observations and outcomes. Randomness comes
 * from the tickets' keys, so a replay in the same order gives the same values.
 */
import { effectOf, explain, momentsOfBins, volumeFinding } from './effects.js';
import type { Finding } from '../observations/finding.js';
import { BurstFilter, type StoredFilter } from '../observations/near-duplicates.js';
import type { Observation, Outcome } from '../observations/observation.js';
import { outcomeMeasures, type OutcomeMeasure } from '../reference/outcome-measures.js';
import { blocksOf, type Reference } from '../reference/reference.js';
import { lessSure } from './confidence-drop.js';
import { SignalDetector, type DetectorState } from './signal-detector.js';
import { binOf, binsOf, TicketCoder, type CodedTicket, type Measure } from '../reference/ticket-coding.js';
import { randomOf } from '../observations/ticket-random.js';
import { blockAt } from '../observations/time-windows.js';
import { VolumeWatch, type VolumeJudgement, type VolumeState } from './volume-watch.js';
import { detectorWeights } from './embedding-weights.js';

export interface WatchSettings {
  /** Least mean number of tickets to an alarm without drift, all signals and slices together; default 100,000 */
  ticketsToFalseAlarm?: number;
  /** Smallest effect worth knowing, in standard deviations of a signal; default 0.01 */
  smallestEffect?: number;
  /** Least mean number of days to an alarm of the volume, which has a promise of its own; default 1,000 */
  daysToFalseAlarm?: number;
}

export interface Alarm {
  kind: 'drift' | 'volume';
  /** Of the ticket that raised it */
  key: string;
  at: Date;
  /** Of all signals together; at least the threshold */
  evidence: number;
  /** Those that it came from, the strongest first */
  findings: Finding[];
}

export interface WatchState extends StoredFilter {
  observations: number;
  outcomes: number;
  detectors: (DetectorState | null)[];
  volume: VolumeState;
}

interface Watched {
  detector: SignalDetector;
  measure: Measure;
  index: number;
  slice: number;
  weight: number;
}

/** Beyond what `lessSure` allows for, a model may differ a little from those that had not seen the reference's tickets. */
const timesAsMuch = 5;
/** A signal whose share of the evidence is less does not count among the causes of an alarm. */
const leastShare = 0.02;
const mostFindings = 20;

export class Watch {
  private readonly coder: TicketCoder;
  private readonly watched: Watched[];
  private readonly ticketDetectors: Watched[][];
  private readonly outcomeDetectors: Watched[][];
  private readonly outcomes: OutcomeMeasure[];
  private readonly threshold: number;
  private readonly daysToFalseAlarm: number;
  private filter = new BurstFilter();
  private readonly volume = new VolumeWatch();
  private observationCount = 0;
  private outcomeCount = 0;

  /** @throws RangeError where `state` is that of another reference */
  constructor(
    private readonly reference: Reference,
    { ticketsToFalseAlarm = 100_000, smallestEffect = 0.01, daysToFalseAlarm = 1_000 }: WatchSettings = {},
    state?: WatchState,
  ) {
    this.coder = new TicketCoder(reference.coding);
    this.threshold = ticketsToFalseAlarm;
    this.daysToFalseAlarm = daysToFalseAlarm;
    this.outcomes = outcomeMeasures(reference);
    this.watched = detectorsOf(reference, this.outcomes, smallestEffect);
    const measures = reference.coding.measures.length;
    const ofSlice = (slice: number): Watched[] => this.watched.filter((watched) => watched.slice === slice);
    const slices = [...reference.coding.slices.keys()];
    this.ticketDetectors = slices.map((slice) => ofSlice(slice).filter(({ index }) => index < measures));
    this.outcomeDetectors = slices.map((slice) => ofSlice(slice).filter(({ index }) => index >= measures));
    if (state) this.resume(state);
  }

  /**
   * Takes a ticket in. Each ticket once, in canonical order.
   *
   * @returns the alarms that it raised: one of drift at most, and one of the volume of the days that ended before it
   */
  add(observation: Observation): Alarm[] {
    return this.addCoded(this.coder.code(observation), observation.key);
  }

  addCoded(ticket: CodedTicket, key: string): Alarm[] {
    this.observationCount += 1;
    const alarms = this.volume.add(ticket.at).flatMap((day) => this.judgeVolume(day, key));
    if (this.filter.isCopy(ticket)) return alarms;
    const { measures, blocks } = this.reference.coding;
    const block = blocks.count > 1 ? blockAt(blocks, ticket.at) : 0;
    const bins = measures.map((measure, index) => binOf(measure, ticket.values[index] as number));
    for (const slice of ticket.slices) {
      for (const { detector, measure, index } of this.ticketDetectors[slice] as Watched[]) {
        const bin = bins[index] as number;
        if (bin >= 0) detector.add(bin, measure.hasRhythm ? block : 0, randomOf(ticket.key, slice * 1_000 + index));
      }
    }
    return [...alarms, ...this.judge(key, new Date(ticket.at))];
  }

  /** Takes in what became of a ticket, once it is known. Each outcome once, in canonical order. */
  addOutcome(outcome: Outcome, observation: Observation): Alarm[] {
    this.outcomeCount += 1;
    const { key, slices } = this.coder.code(observation);
    const values = this.outcomes.map(({ signal }) => signal.read(outcome, observation));
    const first = this.reference.coding.measures.length;
    for (const slice of slices) {
      for (const { detector, measure, index } of this.outcomeDetectors[slice] as Watched[]) {
        const value = values[index - first] ?? null;
        if (value === null) continue;
        detector.add(binOf(measure, Math.fround(Number(value))), 0, randomOf(key, slice * 1_000 + index));
      }
    }
    return this.judge(outcome.key, outcome.labelledAt);
  }

  /** Of all signals together: an alarm is raised when it reaches the threshold. */
  get evidence(): number {
    let sum = 0;
    for (const { weight, detector } of this.watched) sum += weight * detector.evidence;
    return sum;
  }

  /** What each signal and slice says now, the strongest first. `alarm`: whether it would raise one by itself. */
  findings(): Finding[] {
    return this.strongest().map(({ watched, evidence }) => this.findingOf(watched, evidence));
  }

  toJSON(): WatchState {
    return {
      observations: this.observationCount,
      outcomes: this.outcomeCount,
      ...this.filter.toJSON(),
      detectors: this.watched.map(({ detector }) => detector.toJSON()),
      volume: this.volume.toJSON(),
    };
  }

  private resume(state: WatchState): void {
    if (state.detectors.length !== this.watched.length) throw new RangeError('the state is that of another reference');
    this.observationCount = state.observations;
    this.outcomeCount = state.outcomes;
    this.filter = new BurstFilter(state);
    state.detectors.forEach((own, at) => own && this.watched[at]?.detector.resume(own));
    this.volume.resume(state.volume);
  }

  /** An alarm takes all evidence: what goes on raises the next one, as seldom without drift as this one. */
  private judge(key: string, at: Date): Alarm[] {
    const { evidence } = this;
    if (evidence < this.threshold) return [];
    const causes = this.strongest().filter((own) => own.evidence >= leastShare * evidence);
    const findings = causes
      .slice(0, mostFindings)
      .map((own) => ({ ...this.findingOf(own.watched, own.evidence), alarm: true }));
    for (const { detector } of this.watched) detector.restart();
    return [{ kind: 'drift', key, at, evidence, findings }];
  }

  private judgeVolume({ day, tickets, usual, evidence }: VolumeJudgement, key: string): Alarm[] {
    if (evidence < this.daysToFalseAlarm) return [];
    this.volume.restart();
    const date = new Date(day * 86_400_000);
    return [{ kind: 'volume', key, at: date, evidence, findings: [volumeFinding({ date, tickets, usual, evidence })] }];
  }

  /** Evidence by signal and slice; of a signal that is told in two ways the stronger is shown. */
  private strongest(): { watched: Watched; evidence: number }[] {
    const own = ({ weight, detector }: Watched): number => weight * detector.evidence;
    const bySubject = new Map<string, { watched: Watched; evidence: number }>();
    for (const watched of this.watched) {
      const subject = `${watched.measure.signal} ${watched.slice}`;
      const other = bySubject.get(subject);
      const stronger = other && own(other.watched) >= own(watched) ? other.watched : watched;
      bySubject.set(subject, { watched: stronger, evidence: own(watched) + (other?.evidence ?? 0) });
    }
    return [...bySubject.values()].sort((a, b) => b.evidence - a.evidence);
  }

  private findingOf({ detector, measure, slice }: Watched, evidence: number): Finding {
    const where = this.reference.coding.slices[slice] as Finding['slice'];
    const { window, reference, bin } = detector.effect();
    const moved =
      measure.kind === 'names'
        ? effectOf.names(measure, { reference, window }, bin)
        : effectOf.numbers(measure, momentsOfBins(measure, reference), momentsOfBins(measure, window));
    return {
      signal: measure.signal,
      slice: where,
      statistic: detector.evidence,
      pValue: null,
      evidence,
      alarm: evidence >= this.threshold,
      effect: moved.effect,
      explanation: explain.moved(measure, where, moved),
    };
  }
}

function detectorsOf(reference: Reference, outcomes: readonly OutcomeMeasure[], smallestEffect: number): Watched[] {
  const { coding, counts } = reference;
  const measures = [...coding.measures, ...outcomes.map(({ measure }) => measure)];
  const watched: Watched[] = [];
  coding.slices.forEach((slice, at) => {
    const weights = detectorWeights(coding.slices, measures, slice);
    measures.forEach((measure, index) => {
      const outcome = outcomes[index - coding.measures.length];
      // Of outcomes the reference knows no slices: each compares with its own past.
      const own = outcome ? (at === 0 ? outcome.counts : new Float64Array(binsOf(measure))) : counts[at]?.[index];
      const weight = weights[index] ?? 0;
      if (!own || weight === 0) return;
      if (own.length !== (outcome ? 1 : blocksOf(coding, measure)) * binsOf(measure)) {
        throw new RangeError(`the reference's counts of ${measure.signal} do not fit its bins`);
      }
      const detector = new SignalDetector({
        measure,
        counts: own,
        isSlice: at > 0,
        smallestEffect: smallestEffect * (lessSure.has(measure.signal) ? timesAsMuch : 1),
        side: lessSure.get(measure.signal) ?? 'both',
      });
      watched.push({ detector, measure, index, slice: at, weight });
    });
  });
  return watched;
}
