/**
 * The recipe `finetune` beside `frozen`: before heads are trained on some tickets, the encoder is trained on the same ones.
 *
 * What an encoder says of tickets that it was trained on is too good to judge by. So combination, temperature and
 * thresholds are fitted on tickets that neither encoder nor heads had seen: a tenth is held out and an encoder is trained on
 * the rest, as often as it takes to have enough of them; then one is trained on all, for as many epochs as were worth it.
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
  /** What the template of each class says */
  templates: readonly string[];
  /** For encoders that are not finished; removed by `dispose` */
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

  static async open(tf: Tensorflow, encoder: Encoder, options: FinetunedFoldEncoderOptions): Promise<FinetunedFoldEncoder> {
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

  /** One encoder for tickets that are held out; nothing is left of it but what it said. */
  async encodeFold(lesson: TrainingFold): Promise<TrainingData> {
    const folder = join(this.options.folder, 'held-out');
    await rm(folder, { recursive: true, force: true });
    const { encoder, epochs } = await this.train(lesson, folder, null);
    this.bestEpochs.push(epochs);
    const seen = await this.encodeRows(encoder);
    encoder.dispose();
    return seen;
  }

  async encodeAll(rows: Int32Array, seed: number): Promise<{ data: TrainingData; encoder: Encoder; folder: string }> {
    const mean = this.bestEpochs.reduce((sum, epochs) => sum + epochs, 0) / this.bestEpochs.length;
    const folder = join(this.options.folder, 'finished');
    const lesson = { name: 'all tickets', rows, heldOut: new Int32Array(), seed };
    const { encoder } = await this.train(lesson, folder, Math.round(mean) || null);
    this.finished = encoder;
    return { data: await this.encodeRows(encoder), encoder, folder };
  }

  async runChecks(seed: number, skip: readonly PreflightCheck[]): Promise<PreflightResult[]> {
    const folders = { from: this.from, to: join(this.options.folder, 'by-heart') };
    return checkEncoderTraining(this.options.data, seed, skip, async (rows, until) => {
      const readable = rows.filter((row) => (this.windows[row]?.length ?? 0) > 0);
      return overfitBatch(this.tf, folders, await this.task(readable, seed), until);
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
    const worthwhile = await finetuneEncoder(tf, { from: this.from, to: folder }, task, {
      onStep: (done, note) => onProgress(`training the encoder, ${name}`, done, note),
      onLoss: loss,
      onEpoch: top1,
    });
    await copyFile(join(this.from, 'config.json'), join(folder, 'config.json'));
    await copyFile(join(this.from, 'tokenizer.json'), join(folder, 'tokenizer.json'));
    const more = join(this.from, 'tokenizer_config.json');
    if (await exists(more)) await copyFile(more, join(folder, 'tokenizer_config.json'));
    return { encoder: await Encoder.open(tf, folder, join(this.options.folder, `graph-${name}`)), epochs: worthwhile };
  }

  private async task(rows: Int32Array, seed: number): Promise<Omit<FinetuneTask, 'heldOut' | 'epochs'>> {
    const { windows } = this;
    const { data, settings } = this.options;
    const known = { windows, labels: data.labels, classes: data.classes.length };
    return { ...known, rows, seed, settings, precision: await productPrecision(this.tf) };
  }

  private async encodeRows(encoder: Encoder): Promise<TrainingData> {
    const { data, source, templates, onProgress } = this.options;
    await onProgress('reading tickets with it', null);
    return encodeAgain(encoder, data, { ...source, templates });
  }
}
