/** The record of a training, `run.json` in the model's folder: enough to judge, compare and repeat it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScopePoint } from '../ranking/abstention.js';
import { type CodeVersion } from './code-version.js';
import { type Diagnosis } from './diagnosis.js';
import * as heldOut from './held-out.js';
import type { PreflightResult } from './preflight.js';
import type { JobProgress } from './progress.js';
import type { Curve } from './progress.js';
import type { TrainingSettings } from './training-settings.js';

export const runFile = 'run.json';

/** A ticket that the model confidently assigns to another template than its label. The text stays in the data file. */
export interface ConfidentError {
  line: number;
  /** First 16 hex digits of SHA-256 of its id, as in trained-on.json */
  idHash: string | null;
  label: string;
  predicted: string;
  /** Probabilities, 0–1 */
  confidence: number;
  labelProbability: number;
}

export interface RunRecord {
  version: string;
  createdAt: string;
  code: CodeVersion & { node: string; tensorflow: string };
  arguments: Omit<TrainingSettings, 'out' | 'cacheDir' | 'seed'>;
  seed: number;
  data: { file: string; hash: string; rows: number; templates: number };
  preflight: PreflightResult[];
  curves: Curve[];
  /** Out-of-fold scores; slices by contact type, channel, language and frequency band of the template */
  heldOut: heldOut.Scored & { slices: Record<string, Record<string, heldOut.Scored>> };
  /** Top-1 on the same tickets, percent */
  baselines: { majority: number; nearestMean: number };
  confusions: { label: string; predicted: string; count: number }[];
  calibration: heldOut.CalibrationBin[];
  /** Effect of out-of-scope thresholds: the chosen one first; empty where all tickets have a template */
  scope: ScopePoint[];
  confidentErrors: ConfidentError[];
  diagnosis: Diagnosis;
  seconds: Record<string, number>;
  peakMemoryMb: number;
}

/** @param folder of the model */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  return JSON.parse(await readFile(join(folder, runFile), 'utf8')) as RunRecord;
}

export const maxConfusions = 20;
export const maxConfidentErrors = 50;

/** Collects loss curves, pre-flight results and times during a training. */
export class RunRecorder {
  readonly curves: Curve[] = [];
  readonly preflight: PreflightResult[] = [];
  private readonly phases = new Map<string, number>();
  private current: { phase: string; since: number } = { phase: 'reading tickets', since: performance.now() };

  /** @returns `onProgress` that also measures the time of each phase */
  timed(onProgress: JobProgress): JobProgress {
    return (phase, done, note) => {
      if (phase !== this.current.phase) this.begin(phase);
      return onProgress(phase, done, note, this.curves);
    };
  }

  /** @returns a listener for the losses of the training of that name */
  curve(training: string): (loss: number) => void {
    const loss: number[] = [];
    this.curves.push({ training, loss });
    return (value) => void loss.push(value);
  }

  /** @returns listeners for losses and held-out top-1 of an encoder's training */
  encoderCurve(training: string): { loss: (loss: number) => void; top1: (top1: number) => void } {
    const [loss, heldOutTop1]: [number[], number[]] = [[], []];
    this.curves.push({ training, loss, heldOutTop1 });
    return { loss: (value) => void loss.push(value), top1: (value) => void heldOutTop1.push(value) };
  }

  seconds(): Record<string, number> {
    this.begin('record');
    return Object.fromEntries([...this.phases].map(([phase, ms]) => [phase, Math.round(ms) / 1000]));
  }

  private begin(phase: string): void {
    const now = performance.now();
    this.phases.set(this.current.phase, (this.phases.get(this.current.phase) ?? 0) + now - this.current.since);
    this.current = { phase, since: now };
  }
}
