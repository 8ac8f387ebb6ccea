/** What a training leaves behind in its model's folder, so that it can be judged, compared and repeated: `run.json`. */
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

/** A ticket whose label is another than what the model is sure of. No text: that stays in the data file. */
export interface WronglySure {
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
  /** Scores by cross-fitting; slices by contact type, channel, language, and how frequent the template is. */
  heldOut: heldOut.Scored & { slices: Record<string, Record<string, heldOut.Scored>> };
  /** Top-1 on the same tickets, percent */
  baselines: { majority: number; nearestMean: number };
  confusions: { label: string; predicted: string; count: number }[];
  calibration: heldOut.CalibrationBin[];
  /** Where no template fits some tickets: the line that was drawn first, then what other lines would give */
  scope: ScopePoint[];
  wronglySure: WronglySure[];
  diagnosis: Diagnosis;
  seconds: Record<string, number>;
  peakMemoryMb: number;
}

/** @param folder of the model */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  return JSON.parse(await readFile(join(folder, runFile), 'utf8')) as RunRecord;
}

export const mostPairs = 20;
export const mostWronglySure = 50;

/** Looks on while a model is trained. */
export class RunRecorder {
  readonly curves: Curve[] = [];
  readonly preflight: PreflightResult[] = [];
  private readonly phases = new Map<string, number>();
  private current: { phase: string; since: number } = { phase: 'reading tickets', since: performance.now() };

  /** @returns what reports progress as `onProgress` does, and is timed */
  timed(onProgress: JobProgress): JobProgress {
    return (phase, done, note) => {
      if (phase !== this.current.phase) this.begin(phase);
      return onProgress(phase, done, note, this.curves);
    };
  }

  /** @returns takes the losses of the training of that name */
  curve(training: string): (loss: number) => void {
    const loss: number[] = [];
    this.curves.push({ training, loss });
    return (value) => void loss.push(value);
  }

  /** @returns takes losses, and top-1 on tickets held out, of an encoder that is trained */
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
