/**
 * The numeric work on buckets: what the thread does. It keeps the references and the watches that it was asked for last, so
 * that a state is read once and not for every bucket; the caller says which bucket its state is of.
 */
import type { Alarm, WatchSettings, WatchState } from '../detection/change-watch.js';
import { Watch } from '../detection/change-watch.js';
import { explain, type Evidence } from '../diagnosis/evidence.js';
import type { Finding } from '../observations/finding.js';
import { labelledMix, type LabelledMix } from '../diagnosis/labelled-mix.js';
import { type MixLabel } from '../observations/observation.js';
import type { Observation, Outcome, SeenOutcome } from '../observations/observation.js';
import { readReference } from '../reference/reference-file.js';
import { readReferenceSample, sampleWrittenAt, type ReferenceSample } from '../reference/reference-sample.js';
import type { Reference } from '../reference/reference.js';
import { TicketCoder } from '../reference/ticket-coding.js';
import type { Trust } from '../labels/trust.js';
import { WindowSums, type StoredWindow } from '../detection/window-sums.js';
import { testWindow } from '../detection/window-test.js';

export interface CountOrder {
  /** Of the model, where its reference lies */
  folder: string;
  stream: string;
  /** Number of the last bucket that the state knows; 0 before the first */
  after: number;
  /** Of this one */
  number: number;
  /** JSON of the state after the last bucket; null before the first, undefined where it should be known */
  state?: string | null;
  settings: WatchSettings;
  /** In canonical order */
  observations: Observation[];
  outcomes: { outcome: Outcome; observation: Observation }[];
}

/** `unknown`: the state is not known here any more, and has to be sent. */
export type Counted =
  | {
      kind: 'counted';
      /** JSON */
      state: string;
      /** JSON */
      sums: string;
      alarms: Alarm[];
      /** Of each signal and slice, the strongest first */
      findings: Finding[];
      /** Of all signals together, since the last alarm */
      evidence: number;
    }
  | { kind: 'unknown' };

export interface ExplainOrder {
  folder: string;
  /** In order of time */
  window: Observation[];
  /** By the key of the observation */
  texts: [string, string][];
  outcomes: SeenOutcome[];
  trust: Trust;
  seed: number;
  leastLoss: number;
}

export interface MixOrder {
  folder: string;
  /** Of the newest tickets */
  labels: MixLabel[];
  trust: Trust;
}

interface KeptWatch {
  watch: Watch;
  number: number;
}

/** Of a champion, its predecessor, and their two streams. */
const mostKept = 4;

export class TicketCounter {
  private readonly references = new Map<string, Reference>();
  private readonly watches = new Map<string, KeptWatch>();
  private sample: { folder: string; writtenAt: number; sample: ReferenceSample | null } | null = null;

  /** @throws ReferenceError where the model has none */
  async count(order: CountOrder): Promise<Counted> {
    const reference = await this.referenceOf(order.folder);
    const name = `${order.folder} ${order.stream}`;
    const kept = this.watches.get(name);
    // A bucket that was counted, but could not be stored, is counted again, from the state before it.
    this.watches.delete(name);
    if (order.state === undefined && kept?.number !== order.after) return { kind: 'unknown' };
    const watch = order.state === undefined && kept ? kept.watch : resumed(reference, order);
    const sums = new WindowSums(new TicketCoder(reference.coding));
    const alarms: Alarm[] = [];
    for (const observation of order.observations) {
      sums.add(observation);
      alarms.push(...watch.add(observation));
    }
    for (const { outcome, observation } of order.outcomes) alarms.push(...watch.addOutcome(outcome, observation));
    keep(this.watches, name, { watch, number: order.number });
    return {
      kind: 'counted',
      state: JSON.stringify(watch),
      sums: JSON.stringify(sums),
      alarms: alarms.map((alarm) => ({ ...alarm, findings: alarm.findings.filter(isMeasured) })),
      findings: watch.findings().filter(isMeasured),
      evidence: watch.evidence,
    };
  }

  /** @returns null where the model has no sample of its reference */
  async explain({ folder, texts, ...question }: ExplainOrder): Promise<Evidence | null> {
    const reference = await this.sampleOf(folder);
    const textOf = new Map(texts);
    return reference && explain({ ...question, reference, textOf: (key) => textOf.get(key) ?? null });
  }

  /** @returns null where the labels say of no change, or the model has no sample of its reference */
  async mix({ folder, labels, trust }: MixOrder): Promise<LabelledMix | null> {
    const reference = await this.sampleOf(folder);
    return reference && labelledMix(reference.tickets, labels, trust);
  }

  /** The windows' tests on all of these buckets together. @param windows JSON of each bucket's sums */
  async test(folder: string, windows: string[]): Promise<Finding[]> {
    const reference = await this.referenceOf(folder);
    return testWindow(reference, merged(reference, windows));
  }

  /** @returns JSON of the sums of all of these buckets */
  async merge(folder: string, windows: string[]): Promise<string> {
    return JSON.stringify(merged(await this.referenceOf(folder), windows));
  }

  /** Written anew where a ticket has to be forgotten. */
  private async sampleOf(folder: string): Promise<ReferenceSample | null> {
    const writtenAt = await sampleWrittenAt(folder);
    if (this.sample?.folder !== folder || this.sample.writtenAt !== writtenAt) {
      this.sample = { folder, writtenAt, sample: await readReferenceSample(folder) };
    }
    return this.sample.sample;
  }

  private async referenceOf(folder: string): Promise<Reference> {
    const reference = this.references.get(folder) ?? (await readReference(folder));
    keep(this.references, folder, reference);
    return reference;
  }
}

/** A signal that no ticket has had yet has no effect. */
const isMeasured = ({ effect: { value, low, high } }: Finding): boolean => [value, low, high].every(Number.isFinite);

function resumed(reference: Reference, { settings, state }: CountOrder): Watch {
  return new Watch(reference, settings, state ? (JSON.parse(state) as WatchState) : undefined);
}

function merged(reference: Reference, windows: string[]): WindowSums {
  const coder = new TicketCoder(reference.coding);
  const sums = new WindowSums(coder);
  for (const window of windows) sums.merge(WindowSums.fromJSON(coder, JSON.parse(window) as StoredWindow));
  return sums;
}

/** Puts it last, and lets go of what has not been asked for the longest. */
function keep<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name);
  map.set(name, value);
  for (const oldest of [...map.keys()].slice(0, -mostKept)) map.delete(oldest);
}
