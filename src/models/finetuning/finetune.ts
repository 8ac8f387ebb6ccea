/**
 * The encoder's part of the recipe `finetune`: all layers of the encoder learn to tell the classes apart, so that tickets of
 * one class stand together. What a training is given never says how its heads are made: those see the finished encoder.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Precision } from '../tensors/autodiff.js';
import type { FinetuneSettings } from './finetune-settings.js';
import { readEncoderConfig } from '../encoder/encoder-config.js';
import { EncoderTrainer } from './encoder-trainer.js';
import { seeded } from '../../statistics/random.js';
import { readSafetensors, writeSafetensors, type Tensor } from '../tensors/safetensors.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { batchTargets, mixedBatches, tokenBatch } from './training-batches.js';

export interface LabelledTexts {
  /** Token ids of each row's first window; empty for a text without tokens */
  windows: readonly Int32Array[];
  /** Class of each row */
  labels: Int32Array;
  classes: number;
}

export interface FinetuneTask extends LabelledTexts {
  /** Rows to learn from */
  rows: Int32Array;
  /** Rows that tell after each epoch what has been learned; none: it ends after `epochs` */
  heldOut: Int32Array;
  seed: number;
  /** Epochs after which it ends, of the epochs that the rates were made for; null: where the held-out rows say so */
  epochs: number | null;
  settings: FinetuneSettings;
  precision: Precision;
}

export interface FinetuneReport {
  onStep: (done: number, note: string) => void | Promise<void>;
  onLoss: (loss: number) => void;
  onEpoch: (heldOutTop1: number) => void;
}

/** Epochs without a better figure after which no better one is expected. */
const patience = 3;
const maxOverfitSteps = 80;

/**
 * Trains, and writes the trained encoder as a folder like the one it began with.
 *
 * @param from folder of the encoder to begin with
 * @param to folder of the new one
 * @returns epochs that were worth it
 */
export async function finetuneEncoder(
  tf: Tensorflow,
  { from, to }: { from: string; to: string },
  task: FinetuneTask,
  report: FinetuneReport,
): Promise<number> {
  const { settings, seed, labels, classes, windows } = task;
  const training = join(to, 'training');
  const trainer = await openTrainer(tf, from, training, task);
  try {
    const random = seeded(seed);
    const rows = task.rows.filter((row) => (windows[row]?.length ?? 0) > 0);
    const perEpoch = Math.max(1, Math.round(rows.length / settings.batch));
    const epochs = Math.max(settings.epochs, Math.ceil(settings.minSteps / perEpoch));
    const last = task.epochs ?? epochs;
    const startedAt = performance.now();
    let step = 0;
    let best: { epoch: number; top1: number; weights: Map<string, Tensor> } | null = null;
    for (let epoch = 1; epoch <= last; epoch += 1) {
      for (const batch of mixedBatches(labels, rows, settings, random)) {
        const chosen = [...batch].map((row) => labels[row] ?? 0);
        const tokens = tokenBatch([...batch].map((row) => windows[row] ?? new Int32Array()));
        const outcome = trainer.step(tokens, batchTargets(chosen, classes, settings), {
          rate: settings.rate * learningRateFactor(step / (epochs * perEpoch), settings.warmUp),
          dropout: settings.dropout,
          seed: seed * 100_003 + step,
        });
        step += 1;
        report.onLoss(outcome.loss);
        const done = step / (last * perEpoch);
        const minutes = ((performance.now() - startedAt) / 60_000) * (1 / done - 1);
        await report.onStep(done, `loss ${outcome.loss.toFixed(3)}, ${minutes.toFixed(1)} min left`);
      }
      if (task.heldOut.length === 0) continue;
      const top1 = heldOutTop1(trainer, task);
      report.onEpoch(top1);
      if (best === null || top1 >= best.top1) best = { epoch, top1, weights: trainer.weights() };
      if (epoch - best.epoch >= patience) break;
    }
    await writeSafetensors(join(to, 'model.safetensors'), best?.weights ?? trainer.weights());
    return best?.epoch ?? last;
  } finally {
    trainer.dispose();
    await rm(training, { recursive: true, force: true });
  }
}

/** @returns the losses of training on the same tickets again and again, until one is as low as `until` */
export async function overfitBatch(
  tf: Tensorflow,
  { from, to }: { from: string; to: string },
  task: Omit<FinetuneTask, 'heldOut' | 'epochs'>,
  until: number,
): Promise<number[]> {
  const { windows, labels, rows, settings, classes, seed } = task;
  const trainer = await openTrainer(tf, from, to, task);
  try {
    const chosen = [...rows].map((row) => labels[row] ?? 0);
    const tokens = tokenBatch([...rows].map((row) => windows[row] ?? new Int32Array()));
    const targets = batchTargets(chosen, classes, { ...settings, smoothing: 0 });
    const losses: number[] = [];
    while (losses.length < maxOverfitSteps && (losses.at(-1) ?? Infinity) >= until) {
      losses.push(trainer.step(tokens, targets, { rate: settings.rate, dropout: 0, seed }).loss);
    }
    return losses;
  } finally {
    trainer.dispose();
    await rm(to, { recursive: true, force: true });
  }
}

/** @param folder for its graph */
async function openTrainer(
  tf: Tensorflow,
  from: string,
  folder: string,
  { classes, settings, precision }: Pick<FinetuneTask, 'classes' | 'settings' | 'precision'>,
): Promise<EncoderTrainer> {
  const tensors = await readSafetensors(join(from, 'model.safetensors'));
  const config = await readEncoderConfig(join(from, 'config.json'));
  // Zeros: before the first step all classes are equally likely, and the loss is log K.
  const head = { shape: [classes, config.hidden_size], values: new Float32Array(classes * config.hidden_size) };
  return EncoderTrainer.open(tf, folder, { ...settings, precision, config, tensors, head });
}

/** Share of the highest learning rate after a share of the steps: a straight line up, then one down. */
export function learningRateFactor(done: number, warmUp: number): number {
  return done < warmUp ? done / warmUp : Math.max(0, (1 - done) / (1 - warmUp));
}

/** In percent, by the head that the encoder was trained with. */
function heldOutTop1(trainer: EncoderTrainer, { heldOut, windows, labels, classes, settings }: FinetuneTask): number {
  const rows = [...heldOut].filter((row) => (windows[row]?.length ?? 0) > 0);
  rows.sort((a, b) => (windows[a]?.length ?? 0) - (windows[b]?.length ?? 0));
  let right = 0;
  for (let start = 0; start < rows.length; start += settings.batch) {
    const some = rows.slice(start, start + settings.batch);
    const logits = trainer.classify(tokenBatch(some.map((row) => windows[row] ?? new Int32Array())));
    some.forEach((row, index) => {
      const own = logits.subarray(index * classes, (index + 1) * classes);
      if (own.indexOf(own.reduce((a, b) => Math.max(a, b), -Infinity)) === labels[row]) right += 1;
    });
  }
  return Math.round((10_000 * right) / Math.max(1, rows.length)) / 100;
}
