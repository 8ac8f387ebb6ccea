/**
 * Recipe `finetune`: before heads are trained on a fold, the encoder is trained on the same tickets.
 *
 * An encoder's embeddings of its own training tickets are overfitted. So combination, temperature and thresholds are fitted on
 * tickets that neither encoder nor heads were trained on: folds of a tenth, until enough tickets are held out. The final encoder is
 * trained on all tickets, for the mean of the best epochs of the folds.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Encoder, exists } from '../encoder/encoder.js';
import { finetuneEncoder, overfitBatch, type FinetuneTask } from '../finetuning/finetune.js';
import type { FinetuneSettings } from '../finetuning/finetune-settings.js';
import { firstWindows, encodeAgain } from './finetuned-data.js';
import type { JobProgress } from './progress.js';
import type { FoldEncoder, TrainingFold } from './fold-encoder.js';
import { checkEncoderTraining, type PreflightCheck, type PreflightResult } from './preflight.js';
import type { RunRecorder } from './run-record.js';
import { productPrecision, type Tensorflow } from '../tensors/tensorflow.js';
import type { DataSettings, TrainingData } from '../dataset/training-data.js';

const fewRows = 2_000;

export interface FinetunedFoldEncoderOptions {
  source: Pick<DataSettings, 'file' | 'columns' | 'knownContactType'>;
  data: TrainingData;
  /** Text of each class's template */
  templates: readonly string[];
  /** Folder of encoders in training; removed by `dispose` */
  folder: string;
  settings: FinetuneSettings;
  recorder: RunRecorder;
  onProgress: JobProgress;
}

export class FinetunedFoldEncoder implements FoldEncoder {
  private readonly bestEpochs: number[] = [];
  private finished: Encoder | null = null;

  private constructor(
    private readonly tf: Tensorflow,
    private readonly from: string,
    private readonly windows: Int32Array[],
    private readonly options: FinetunedFoldEncoderOptions,
  ) {}

  static async open(
    tf: Tensorflow,
    encoder: Encoder,
    options: FinetunedFoldEncoderOptions,
  ): Promise<FinetunedFoldEncoder> {
    await rm(options.folder, { recursive: true, force: true });
    await mkdir(options.folder, { recursive: true });
    const from = encoder.folders.encoder;
    return new FinetunedFoldEncoder(tf, from, await firstWindows(options.source, from), options);
  }

  get foldPlan(): { parts: number; rounds: number } {
    const { data, settings } = this.options;
    const rows = data.labels.length;
    const parts = rows < fewRows ? 5 : 10;
    return { parts, rounds: Math.min(parts, Math.ceil((settings.heldOut * parts) / rows)) };
  }

  /** Trains an encoder for one fold; only its embeddings are kept. */
  async encodeFold(fold: TrainingFold): Promise<TrainingData> {
    const folder = join(this.options.folder, 'held-out');
    await rm(folder, { recursive: true, force: true });
    const { encoder, epochs } = await this.train(fold, folder, null);
    this.bestEpochs.push(epochs);
    const encoded = await this.encodeRows(encoder);
    encoder.dispose();
    return encoded;
  }

  async encodeAll(rows: Int32Array, seed: number): Promise<{ data: TrainingData; encoder: Encoder; folder: string }> {
    const mean = this.bestEpochs.reduce((sum, epochs) => sum + epochs, 0) / this.bestEpochs.length;
    const folder = join(this.options.folder, 'finished');
    const fold = { name: 'all tickets', rows, heldOut: new Int32Array(), seed };
    const { encoder } = await this.train(fold, folder, Math.round(mean) || null);
    this.finished = encoder;
    return { data: await this.encodeRows(encoder), encoder, folder };
  }

  async runChecks(seed: number, skip: readonly PreflightCheck[]): Promise<PreflightResult[]> {
    const folders = { from: this.from, to: join(this.options.folder, 'overfit') };
    return checkEncoderTraining(this.options.data, seed, skip, async (rows, maxLoss) => {
      const readable = rows.filter((row) => (this.windows[row]?.length ?? 0) > 0);
      return overfitBatch(this.tf, folders, await this.task(readable, seed), maxLoss);
    });
  }

  async dispose(): Promise<void> {
    this.finished?.dispose();
    await rm(this.options.folder, { recursive: true, force: true });
  }

  private async train(
    { name, rows, heldOut, seed }: TrainingFold,
    folder: string,
    epochs: number | null,
  ): Promise<{ encoder: Encoder; epochs: number }> {
    const { tf } = this;
    const { data, recorder, onProgress } = this.options;
    await mkdir(folder, { recursive: true });
    const { loss, top1 } = recorder.encoderCurve(`encoder, ${name}`);
    const task = {
      ...(await this.task(rows, seed)),
      heldOut: heldOut.filter((row) => (data.labels[row] ?? -1) >= 0),
      epochs,
    };
    const bestEpoch = await finetuneEncoder(tf, { from: this.from, to: folder }, task, {
      onStep: (done, note) => onProgress(`training the encoder, ${name}`, done, note),
      onLoss: loss,
      onEpoch: top1,
    });
    await copyFile(join(this.from, 'config.json'), join(folder, 'config.json'));
    await copyFile(join(this.from, 'tokenizer.json'), join(folder, 'tokenizer.json'));
    const more = join(this.from, 'tokenizer_config.json');
    if (await exists(more)) await copyFile(more, join(folder, 'tokenizer_config.json'));
    return { encoder: await Encoder.open(tf, folder, join(this.options.folder, `graph-${name}`)), epochs: bestEpoch };
  }

  private async task(rows: Int32Array, seed: number): Promise<Omit<FinetuneTask, 'heldOut' | 'epochs'>> {
    const { windows } = this;
    const { data, settings } = this.options;
    const known = { windows, labels: data.labels, classes: data.classes.length };
    return { ...known, rows, seed, settings, precision: await productPrecision(this.tf) };
  }

  private async encodeRows(encoder: Encoder): Promise<TrainingData> {
    const { data, source, templates, onProgress } = this.options;
    await onProgress('encoding tickets again', null);
    return encodeAgain(encoder, data, { ...source, templates });
  }
}
