import { basename, join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { TrainingData } from '../dataset/training-data.js';
import type { Heads } from '../heads/heads.js';
import type { ScopePoint } from '../ranking/abstention.js';
import * as heldOut from './held-out.js';
import { diagnose } from './diagnosis.js';
import { codeVersion } from './code-version.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { nearestCentroidTop1, trainingTop1 } from './training-accuracy.js';
import { writeTensorboard } from './tensorboard-events.js';
import { RunRecorder, RunRecord, maxConfusions, maxConfidentErrors, runFile } from './run-record.js';
import type { TrainingSettings } from './training-settings.js';
import { RowSample } from '../dataset/row-sample.js';
import { percentOf } from '../../statistics/percent.js';

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
  const { settings, data, predictions, version, createdAt } = training;
  const { out: _out, cacheDir: _cacheDir, seed, ...given } = settings;
  const rows = await readRowDetails(settings, new Set(predictions.map(({ row }) => row)));
  const scores = heldOut.summarise(predictions);
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
    heldOut: { ...scores, slices: sliceScores(training, rows) },
    baselines: scoreBaselines(tf, training),
    confusions: heldOut.countConfusions(predictions, maxConfusions).map(({ label, predicted, count }) => ({
      label: data.classes[label] ?? '',
      predicted: data.classes[predicted] ?? '',
      count,
    })),
    calibration: heldOut.calibrationBins(predictions),
    scope: training.scope,
    confidentErrors: describeConfidentErrors(training, rows),
    diagnosis: diagnose({
      training: trainingTop1(tf, data, training.heads, training.weights, seed),
      heldOut: scores.top1,
      ceiling: Math.max(
        scores.top1,
        100 - percentOf(predictions.filter(isSuspectedLabelError).length, predictions.length),
      ),
    }),
    seconds: recorder.seconds(),
    peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  writeTensorboard(tf, join(folder, 'tensorboard'), record);
  await writeFile(join(folder, runFile), `${JSON.stringify(record, null, 1)}\n`);
}

function sliceScores(
  { data, predictions, labelCounts }: FinishedTraining,
  rows: ReadonlyMap<number, RowDetails>,
): RunRecord['heldOut']['slices'] {
  const bands = heldOut.frequencyBands(labelCounts);
  return {
    'contact type': heldOut.scoreSlices(
      predictions,
      ({ row }) => data.contactTypes[data.contactTypeLabels[row] ?? -1] ?? null,
    ),
    channel: heldOut.scoreSlices(predictions, ({ row }) => rows.get(row)?.channel ?? null),
    language: heldOut.scoreSlices(predictions, ({ row }) => rows.get(row)?.language ?? null),
    'head and tail': heldOut.scoreSlices(predictions, ({ label }) => bands[label] ?? null),
    template: heldOut.scoreSlices(predictions, ({ label }) => data.classes[label] ?? ''),
  };
}

function scoreBaselines(tf: Tensorflow, { data, predictions, labelCounts }: FinishedTraining): RunRecord['baselines'] {
  const majority = labelCounts.indexOf(labelCounts.reduce((a, b) => Math.max(a, b), 0));
  const rows = predictions.map(({ row }) => row);
  return {
    majority: percentOf(predictions.filter(({ label }) => label === majority).length, predictions.length),
    nearestMean: nearestCentroidTop1(tf, data, rows),
  };
}

function describeConfidentErrors(
  { data, predictions }: FinishedTraining,
  rows: ReadonlyMap<number, RowDetails>,
): RunRecord['confidentErrors'] {
  return heldOut.confidentErrors(predictions, maxConfidentErrors).map((prediction) => ({
    line: rows.get(prediction.row)?.line ?? 0,
    idHash: data.idHashes[prediction.row] ?? null,
    label: data.classes[prediction.label] ?? '',
    predicted: data.classes[prediction.predicted] ?? '',
    confidence: prediction.confidence,
    labelProbability: prediction.rightProbability,
  }));
}

/** Wrong by the label, and as confident of another class as the tickets of that class are on average. */
export const isSuspectedLabelError = ({ label, predicted, suspected }: heldOut.Prediction): boolean =>
  label !== predicted && suspected !== label;

interface RowDetails {
  line: number;
  channel: string | null;
  language: string | null;
}

/** Line, channel and language of rows, which the training data does not keep. */
async function readRowDetails(
  { data, columns, seed }: TrainingSettings,
  wanted: Set<number>,
): Promise<Map<number, RowDetails>> {
  const rows = new Map<number, RowDetails>();
  let index = 0;
  for await (const { line, channel, language } of (await RowSample.open({ file: data, columns, seed })).rows()) {
    if (wanted.has(index)) rows.set(index, { line, channel, language });
    index += 1;
  }
  return rows;
}
