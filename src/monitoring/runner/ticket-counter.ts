/**
 * The numeric work of the monitor, as its thread does it. References and detectors of the last streams stay in memory, so that
 * their state is not read for every window; the caller names the window that its state belongs to.
 */
import {
  ChangeDetector,
  type Alarm,
  type ChangeDetectorSettings,
  type ChangeDetectorState,
} from '../detection/change-detector.js';
import { WindowSample, type StoredWindow } from '../detection/window-sample.js';
import { testWindow } from '../detection/window-test.js';
import { estimateClassPrior, type ClassPriorShift } from '../diagnosis/class-prior.js';
import { diagnose, type Diagnosis } from '../diagnosis/diagnosis.js';
import type { Trust } from '../labels/trust.js';
import type { Finding } from '../observations/finding.js';
import type { ExposedOutcome, Observation, Outcome, RecentLabel } from '../observations/observation.js';
import { readReference } from '../reference/reference-file.js';
import { readReferenceSample, sampleWrittenAt, type ReferenceSample } from '../reference/reference-sample.js';
import type { Reference } from '../reference/reference.js';
import { TicketCoder } from '../reference/ticket-coding.js';

export interface CountRequest {
  /** Of the model, where its reference is */
  folder: string;
  stream: string;
  /** Window that the state belongs to; 0 before the first */
  previousWindowId: number;
  windowId: number;
  /** JSON of the detectors' state after the previous window; null before the first, undefined where it should be in memory */
  state?: string | null;
  settings: ChangeDetectorSettings;
  /** In canonical order */
  observations: Observation[];
  outcomes: { outcome: Outcome; observation: Observation }[];
}

/** `unknown`: the state is not in memory and must be sent. */
export type CountResult =
  | {
      kind: 'counted';
      /** JSON */
      state: string;
      /** JSON of a `WindowSample` */
      sample: string;
      alarms: Alarm[];
      /** Of each signal and slice, the strongest first */
      findings: Finding[];
      /** Of all signals together, since the last alarm */
      evidence: number;
    }
  | { kind: 'unknown' };

export interface DiagnosisRequest {
  folder: string;
  /** In order of time */
  window: Observation[];
  /** By the key of the observation */
  texts: [string, string][];
  outcomes: ExposedOutcome[];
  trust: Trust;
  seed: number;
  minLoss: number;
}

export interface ClassPriorRequest {
  folder: string;
  /** Of the newest tickets */
  labels: RecentLabel[];
  trust: Trust;
}

interface LoadedDetector {
  detector: ChangeDetector;
  /** Last window that it has counted */
  windowId: number;
}

/** Streams of a champion and its predecessor. */
const maxLoaded = 4;

export class TicketCounter {
  private readonly references = new Map<string, Reference>();
  private readonly detectors = new Map<string, LoadedDetector>();
  private sample: { folder: string; writtenAt: number; sample: ReferenceSample | null } | null = null;

  /** @throws DriftReferenceError where the model has none */
  async count(request: CountRequest): Promise<CountResult> {
    const { folder, stream, state, previousWindowId, windowId } = request;
    const reference = await this.loadReference(folder);
    const name = `${folder} ${stream}`;
    const loaded = this.detectors.get(name);
    // A window that was counted but could not be stored is counted again, from the state before it.
    this.detectors.delete(name);
    if (state === undefined && loaded?.windowId !== previousWindowId) return { kind: 'unknown' };
    const detector = state === undefined && loaded ? loaded.detector : resumeDetector(reference, request);
    const sample = new WindowSample(detector.coder);
    const alarms: Alarm[] = [];
    for (const observation of request.observations) {
      const coded = detector.coder.code(observation);
      sample.addCoded(coded);
      alarms.push(...detector.addCoded(coded, observation.key));
    }
    for (const { outcome, observation } of request.outcomes) alarms.push(...detector.addOutcome(outcome, observation));
    keepRecent(this.detectors, name, { detector, windowId });
    return {
      kind: 'counted',
      state: JSON.stringify(detector),
      sample: JSON.stringify(sample),
      alarms: alarms.map((alarm) => ({ ...alarm, findings: alarm.findings.filter(isMeasured) })),
      findings: detector.findings().filter(isMeasured),
      evidence: detector.evidence,
    };
  }

  /** @returns null where the model has no sample of its reference */
  async diagnose({ folder, texts, ...input }: DiagnosisRequest): Promise<Diagnosis | null> {
    const reference = await this.loadSample(folder);
    const textOf = new Map(texts);
    return reference && diagnose({ ...input, reference, textOf: (key) => textOf.get(key) ?? null });
  }

  /** @returns null where the labels show no shift, or the model has no sample of its reference */
  async estimateClassPrior({ folder, labels, trust }: ClassPriorRequest): Promise<ClassPriorShift | null> {
    const reference = await this.loadSample(folder);
    return reference && estimateClassPrior(reference.tickets, labels, trust);
  }

  /** @param samples JSON of the windows that are tested together */
  async testWindows(folder: string, samples: string[]): Promise<Finding[]> {
    const reference = await this.loadReference(folder);
    return testWindow(reference, mergeSamples(reference, samples));
  }

  /** @returns JSON of the windows' merged sample */
  async mergeWindows(folder: string, samples: string[]): Promise<string> {
    return JSON.stringify(mergeSamples(await this.loadReference(folder), samples));
  }

  /** Read again where the file has changed, as it does when a ticket is erased. */
  private async loadSample(folder: string): Promise<ReferenceSample | null> {
    const writtenAt = await sampleWrittenAt(folder);
    if (this.sample?.folder !== folder || this.sample.writtenAt !== writtenAt) {
      this.sample = { folder, writtenAt, sample: await readReferenceSample(folder) };
    }
    return this.sample.sample;
  }

  private async loadReference(folder: string): Promise<Reference> {
    const reference = this.references.get(folder) ?? (await readReference(folder));
    keepRecent(this.references, folder, reference);
    return reference;
  }
}

/** A signal that no ticket has had yet has no effect. */
const isMeasured = ({ effect: { value, low, high } }: Finding): boolean => [value, low, high].every(Number.isFinite);

function resumeDetector(reference: Reference, { settings, state }: CountRequest): ChangeDetector {
  return new ChangeDetector(reference, settings, state ? (JSON.parse(state) as ChangeDetectorState) : undefined);
}

function mergeSamples(reference: Reference, samples: string[]): WindowSample {
  const coder = new TicketCoder(reference.coding);
  const merged = new WindowSample(coder);
  for (const sample of samples) merged.merge(WindowSample.fromJSON(coder, JSON.parse(sample) as StoredWindow));
  return merged;
}

/** Puts it last, and drops the least recently used. */
function keepRecent<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name);
  map.set(name, value);
  for (const oldest of [...map.keys()].slice(0, -maxLoaded)) map.delete(oldest);
}
