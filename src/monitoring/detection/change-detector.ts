/**
 * The one rule that raises alerts. Every signal in every slice has its e-detector; their weighted sum is an e-detector again,
 * whatever their dependence, so one threshold c bounds the false alarms of all of them together, for ever: without drift
 * the mean number of tickets to an alarm is at least c (docs/decisions/0004-one-rule-raises-alerts.md).
 *
 * Invariant: the state is a function of the reference, the settings and the sequence of observations and outcomes. Randomness comes
 * from the tickets' keys, so a replay in the same order gives the same values.
 */
import type { Finding } from '../observations/finding.js';
import { BurstFilter, type StoredFilter } from '../observations/near-duplicates.js';
import type { Observation, Outcome } from '../observations/observation.js';
import { ticketRandom } from '../observations/ticket-random.js';
import { blockAt } from '../observations/time-blocks.js';
import { outcomeMeasures, type OutcomeMeasure } from '../reference/outcome-measures.js';
import type { Reference } from '../reference/reference.js';
import { findBin, TicketCoder, type CodedTicket } from '../reference/ticket-coding.js';
import { volumeFinding } from './effects.js';
import type { DetectorState } from './signal-detector.js';
import { VolumeDetector, type DayVolume, type VolumeState } from './volume-detector.js';
import {
  createDetectors,
  evidenceBySignal,
  toFinding,
  totalEvidence,
  type WeightedDetector,
} from './weighted-detectors.js';

export interface ChangeDetectorSettings {
  /** Minimum mean number of tickets to an alarm without drift, over all signals and slices; default 100,000 */
  minTicketsPerFalseAlarm?: number;
  /** Smallest effect to detect, in standard deviations of a signal; default 0.01 */
  minEffect?: number;
  /** Minimum mean number of days to a false alarm of the volume, which has its own threshold; default 1,000 */
  minDaysPerFalseAlarm?: number;
}

export interface Alarm {
  kind: 'drift' | 'volume';
  /** Of the ticket that raised it */
  key: string;
  at: Date;
  /** Of all signals together; at least the threshold */
  evidence: number;
  /** Signals that contributed, the strongest first */
  findings: Finding[];
}

export interface ChangeDetectorState extends StoredFilter {
  observations: number;
  outcomes: number;
  detectors: (DetectorState | null)[];
  volume: VolumeState;
}

/** A signal with a smaller share of the evidence is not reported as a cause of the alarm. */
const minEvidenceShare = 0.02;
const maxFindings = 20;

export class ChangeDetector {
  readonly coder: TicketCoder;
  private readonly detectors: WeightedDetector[];
  private readonly ticketDetectors: WeightedDetector[][];
  private readonly outcomeDetectors: WeightedDetector[][];
  private readonly outcomes: OutcomeMeasure[];
  private readonly threshold: number;
  private readonly minDaysPerFalseAlarm: number;
  private filter = new BurstFilter();
  private readonly volume = new VolumeDetector();
  private observationCount = 0;
  private outcomeCount = 0;

  /** @throws RangeError where `state` is that of another reference */
  constructor(
    private readonly reference: Reference,
    { minTicketsPerFalseAlarm = 100_000, minEffect = 0.01, minDaysPerFalseAlarm = 1_000 }: ChangeDetectorSettings = {},
    state?: ChangeDetectorState,
  ) {
    this.coder = new TicketCoder(reference.coding);
    this.threshold = minTicketsPerFalseAlarm;
    this.minDaysPerFalseAlarm = minDaysPerFalseAlarm;
    this.outcomes = outcomeMeasures(reference);
    this.detectors = createDetectors(reference, this.outcomes, minEffect);
    const measures = reference.coding.measures.length;
    const bySlice = [...reference.coding.slices.keys()].map((at) => this.detectors.filter(({ slice }) => slice === at));
    this.ticketDetectors = bySlice.map((own) => own.filter(({ index }) => index < measures));
    this.outcomeDetectors = bySlice.map((own) => own.filter(({ index }) => index >= measures));
    if (state) this.resume(state);
  }

  /**
   * Adds a ticket. Each ticket once, in canonical order.
   *
   * @returns the alarms that it raised: one of drift at most, and one of the volume of the days that ended before it
   */
  add(observation: Observation): Alarm[] {
    return this.addCoded(this.coder.code(observation), observation.key);
  }

  addCoded(ticket: CodedTicket, key: string): Alarm[] {
    this.observationCount += 1;
    const alarms = this.volume.add(ticket.at).flatMap((day) => this.raiseVolumeAlarm(day, key));
    if (this.filter.isCopy(ticket)) return alarms;
    const { measures, blocks } = this.reference.coding;
    const block = blocks.count > 1 ? blockAt(blocks, ticket.at) : 0;
    const bins = measures.map((measure, index) => findBin(measure, ticket.values[index]!));
    for (const slice of ticket.slices) {
      for (const { detector, measure, index } of this.ticketDetectors[slice] as WeightedDetector[]) {
        const bin = bins[index]!;
        if (bin >= 0) detector.add(bin, measure.hasRhythm ? block : 0, ticketRandom(ticket.key, slice * 1_000 + index));
      }
    }
    return [...alarms, ...this.raiseAlarm(key, new Date(ticket.at))];
  }

  /** Adds a ticket's outcome, once it is known. Each outcome once, in canonical order. */
  addOutcome(outcome: Outcome, observation: Observation): Alarm[] {
    this.outcomeCount += 1;
    const { key, slices } = this.coder.code(observation);
    const values = this.outcomes.map(({ signal }) => signal.read(outcome, observation));
    const first = this.reference.coding.measures.length;
    for (const slice of slices) {
      for (const { detector, measure, index } of this.outcomeDetectors[slice] as WeightedDetector[]) {
        const value = values[index - first] ?? null;
        if (value === null) continue;
        detector.add(findBin(measure, Math.fround(Number(value))), 0, ticketRandom(key, slice * 1_000 + index));
      }
    }
    return this.raiseAlarm(outcome.key, outcome.labelledAt);
  }

  /** Of all signals together: an alarm is raised when it reaches the threshold. */
  get evidence(): number {
    return totalEvidence(this.detectors);
  }

  /** Each signal and slice now, the strongest first. `alarm`: whether it would raise one by itself. */
  findings(): Finding[] {
    return evidenceBySignal(this.detectors).map((signal) => this.toFinding(signal));
  }

  toJSON(): ChangeDetectorState {
    return {
      observations: this.observationCount,
      outcomes: this.outcomeCount,
      ...this.filter.toJSON(),
      detectors: this.detectors.map(({ detector }) => detector.toJSON()),
      volume: this.volume.toJSON(),
    };
  }

  private resume(state: ChangeDetectorState): void {
    if (state.detectors.length !== this.detectors.length)
      throw new RangeError('the state is that of another reference');
    this.observationCount = state.observations;
    this.outcomeCount = state.outcomes;
    this.filter = new BurstFilter(state);
    state.detectors.forEach((own, at) => own && this.detectors[at]?.detector.resume(own));
    this.volume.resume(state.volume);
  }

  /** An alarm restarts all detectors: drift that persists raises the next one, as rarely without drift as this one. */
  private raiseAlarm(key: string, at: Date): Alarm[] {
    const { evidence } = this;
    if (evidence < this.threshold) return [];
    const findings = evidenceBySignal(this.detectors)
      .filter((signal) => signal.evidence >= minEvidenceShare * evidence)
      .slice(0, maxFindings)
      .map((signal) => ({ ...this.toFinding(signal), alarm: true }));
    for (const { detector } of this.detectors) detector.restart();
    return [{ kind: 'drift', key, at, evidence, findings }];
  }

  private raiseVolumeAlarm({ day, tickets, usual, evidence }: DayVolume, key: string): Alarm[] {
    if (evidence < this.minDaysPerFalseAlarm) return [];
    this.volume.restart();
    const date = new Date(day * 86_400_000);
    return [{ kind: 'volume', key, at: date, evidence, findings: [volumeFinding({ date, tickets, usual, evidence })] }];
  }

  private toFinding(signal: Parameters<typeof toFinding>[0]): Finding {
    return toFinding(signal, this.reference.coding.slices, this.threshold);
  }
}
