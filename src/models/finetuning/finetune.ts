/**
 * Recipe `finetune`, the encoder's part: all layers are trained to separate the classes. The heads of the model are trained
 * afterwards, on the finished encoder.
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
  /** Rows for early stopping after each epoch; none: training ends after `epochs` */
  heldOut: Int32Array;
  seed: number;
  /** Epochs to train, of those that the learning-rate schedule is made for; null: early stopping on the held-out rows */
  epochs: number | null;
  settings: FinetuneSettings;
  precision: Precision;
}

export interface FinetuneReport {
  onStep: (done: number, note: string) => void | Promise<void>;
  onLoss: (loss: number) => void;
  onEpoch: (heldOutTop1: number) => void;
}

/** Early stopping: epochs without improvement */
const patience = 3;
const maxOverfitSteps = 80;

/**
 * Trains an encoder and writes it to a folder like the original one.
 *
 * @param from folder of the original encoder
 * @param to folder of the trained encoder
 * @returns the best epoch
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

/** Trains on one batch until its loss is below `maxLoss`. @returns the losses */
export async function overfitBatch(
  tf: Tensorflow,
  { from, to }: { from: string; to: string },
  task: Omit<FinetuneTask, 'heldOut' | 'epochs'>,
  maxLoss: number,
): Promise<number[]> {
  const { windows, labels, rows, settings, classes, seed } = task;
  const trainer = await openTrainer(tf, from, to, task);
  try {
    const chosen = [...rows].map((row) => labels[row] ?? 0);
    const tokens = tokenBatch([...rows].map((row) => windows[row] ?? new Int32Array()));
    const targets = batchTargets(chosen, classes, { ...settings, smoothing: 0 });
    const losses: number[] = [];
    while (losses.length < maxOverfitSteps && (losses.at(-1) ?? Infinity) >= maxLoss) {
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
  // Zeros: at the start all classes are equally likely, and the loss is log K.
  const head = { shape: [classes, config.hidden_size], values: new Float32Array(classes * config.hidden_size) };
  return EncoderTrainer.open(tf, folder, { ...settings, precision, config, tensors, head });
}

/** Share of the peak learning rate after a share of the steps: linear warm-up, then linear decay. */
export function learningRateFactor(done: number, warmUp: number): number {
  return done < warmUp ? done / warmUp : Math.max(0, (1 - done) / (1 - warmUp));
}

/** In percent, with the head that is trained together with the encoder. */
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
