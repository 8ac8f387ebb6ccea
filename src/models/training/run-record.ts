/** What a training leaves behind in its model's folder, so that it can be judged, compared and repeated: `run.json`. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ScopePoint } from '../ranking/abstention.js';
import { codeVersion, type CodeVersion } from './code-version.js';
import type { Heads } from './cross-fit.js';
import { RowSample } from '../dataset/row-sample.js';
import { diagnose, type Diagnosis } from './diagnosis.js';
import * as heldOut from './held-out.js';
import { learnedTop1, nearestMeanTop1 } from './training-accuracy.js';
import type { PreflightResult } from './preflight.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { writeTensorboard } from './tensorboard-events.js';
import type { Curve, JobProgress } from '../jobs/job-process.js';
import type { TrainingSettings } from './train-model.js';
import type { TrainingData } from '../dataset/training-data.js';

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

const mostPairs = 20;
const mostWronglySure = 50;

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

export interface FinishedTraining {
  settings: TrainingSettings;
  data: TrainingData;
  predictions: heldOut.Prediction[];
  scope: ScopePoint[];
  weights: readonly number[];
  labelCounts: number[];
  heads: Heads;
  version: string;
  createdAt: string;
}

/** Writes `run.json` and TensorBoard's event files into `folder`. */
export async function writeRunRecord(
  tf: Tensorflow,
  folder: string,
  recorder: RunRecorder,
  training: FinishedTraining,
): Promise<void> {
  const { settings, data, predictions, labelCounts, version, createdAt } = training;
  const { out: _out, cacheDir: _cacheDir, seed, ...given } = settings;
  const nameOf = (label: number): string => data.classes[label] ?? '';
  const rows = await rowsOf(settings, new Set(predictions.map(({ row }) => row)));
  const scores = heldOut.scored(predictions);
  const commonest = labelCounts.indexOf(labelCounts.reduce((most, count) => Math.max(most, count), 0));
  const share = (part: readonly unknown[]): number =>
    Math.round((10_000 * part.length) / Math.max(1, predictions.length)) / 100;
  const parts = heldOut.partsOf(labelCounts);
  const record: RunRecord = {
    version,
    createdAt,
    code: { ...(await codeVersion()), node: process.version, tensorflow: tf.version.tfjs },
    arguments: {
      ...given,
      data: basename(given.data),
      templates: given.templates && basename(given.templates),
      validation: given.validation && basename(given.validation),
    },
    seed,
    data: { file: basename(settings.data), hash: data.hash, rows: data.labels.length, templates: data.classes.length },
    preflight: recorder.preflight,
    curves: recorder.curves,
    heldOut: {
      ...scores,
      slices: {
        'contact type': heldOut.slicesBy(
          predictions,
          ({ row }) => data.contactTypes[data.contactTypeLabels[row] ?? -1] ?? null,
        ),
        channel: heldOut.slicesBy(predictions, ({ row }) => rows.get(row)?.channel ?? null),
        language: heldOut.slicesBy(predictions, ({ row }) => rows.get(row)?.language ?? null),
        'head and tail': heldOut.slicesBy(predictions, ({ label }) => parts[label] ?? null),
        template: heldOut.slicesBy(predictions, ({ label }) => nameOf(label)),
      },
    },
    baselines: {
      majority: share(predictions.filter(({ label }) => label === commonest)),
      nearestMean: nearestMeanTop1(
        tf,
        data,
        predictions.map(({ row }) => row),
      ),
    },
    confusions: heldOut.confusionsOf(predictions, mostPairs).map(({ label, predicted, count }) => ({
      label: nameOf(label),
      predicted: nameOf(predicted),
      count,
    })),
    calibration: heldOut.calibrationOf(predictions),
    scope: training.scope,
    wronglySure: heldOut.mostWronglySure(predictions, mostWronglySure).map((prediction) => ({
      line: rows.get(prediction.row)?.line ?? 0,
      idHash: data.idHashes[prediction.row] ?? null,
      label: nameOf(prediction.label),
      predicted: nameOf(prediction.predicted),
      confidence: prediction.confidence,
      labelProbability: prediction.rightProbability,
    })),
    diagnosis: diagnose({
      training: learnedTop1(tf, data, training.heads, training.weights, seed),
      heldOut: scores.top1,
      ceiling: Math.max(scores.top1, 100 - share(predictions.filter(suspicious))),
    }),
    seconds: recorder.seconds(),
    peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  writeTensorboard(tf, join(folder, 'tensorboard'), record);
  await writeFile(join(folder, runFile), `${JSON.stringify(record, null, 1)}\n`);
}

/** Wrong by the label, and as sure of another class as that class's own tickets make the model. */
const suspicious = ({ label, predicted, suspected }: heldOut.Prediction): boolean =>
  label !== predicted && suspected !== label;

/** What the training's numbers do not say of its rows: where they stand in the file, their channel and language. */
async function rowsOf(
  { data, columns, seed }: TrainingSettings,
  wanted: Set<number>,
): Promise<Map<number, { line: number; channel: string | null; language: string | null }>> {
  const rows = new Map<number, { line: number; channel: string | null; language: string | null }>();
  let index = 0;
  for await (const { line, channel, language } of (await RowSample.of({ file: data, columns, seed })).rows()) {
    if (wanted.has(index)) rows.set(index, { line, channel, language });
    index += 1;
  }
  return rows;
}
