import { basename, join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { TrainingData } from '../dataset/training-data.js';
import type { Heads } from '../heads/heads.js';
import type { ScopePoint } from '../ranking/abstention.js';
import * as heldOut from './held-out.js';
import { diagnose } from './diagnosis.js';
import { codeVersion } from './code-version.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { nearestMeanTop1, learnedTop1 } from './training-accuracy.js';
import { writeTensorboard } from './tensorboard-events.js';
import { RunRecorder, RunRecord, mostPairs, mostWronglySure, runFile } from './run-record.js';
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
  const { settings, data, predictions, labelCounts, version, createdAt } = training;
  const { out: _out, cacheDir: _cacheDir, seed, ...given } = settings;
  const nameOf = (label: number): string => data.classes[label] ?? '';
  const rows = await rowsOf(settings, new Set(predictions.map(({ row }) => row)));
  const scores = heldOut.scored(predictions);
  const commonest = labelCounts.indexOf(labelCounts.reduce((most, count) => Math.max(most, count), 0));
  const share = (part: readonly unknown[]): number => percentOf(part.length, predictions.length);
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
export const suspicious = ({ label, predicted, suspected }: heldOut.Prediction): boolean =>
  label !== predicted && suspected !== label;
/** What the training's numbers do not say of its rows: where they stand in the file, their channel and language. */
export async function rowsOf(
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
