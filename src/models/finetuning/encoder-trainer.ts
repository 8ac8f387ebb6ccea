/** Trains an encoder in TensorFlow: batches in, losses out, and its weights at the end. */
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decays } from '../tensors/adamw.js';
import { finetuneGraph, signatures, type FinetuneGraphOptions, type WeightPart } from './finetune-graph.js';
import type { Tensor } from '../tensors/safetensors.js';
import type { NamedTensorMap, Tensorflow } from '../tensors/tensorflow.js';
import type { BatchTargets, TokenBatch } from './training-batches.js';

type SavedModel = Awaited<ReturnType<Tensorflow['node']['loadSavedModel']>>;

export interface StepOutcome {
  /** Cross-entropy of the head, mean of the batch */
  loss: number;
  /** Contrastive loss, weighted */
  contrast: number;
  /** Norm of the gradient before clipping */
  norm: number;
}

export class EncoderTrainer {
  private steps = 0;

  private constructor(
    private readonly tf: Tensorflow,
    private readonly models: Record<keyof typeof signatures, SavedModel>,
    private readonly parts: readonly WeightPart[],
    private readonly untrained: ReadonlyMap<string, Tensor>,
    private readonly classes: number,
  ) {}

  /** @param folder for the graph and its weights; may be removed once this has returned */
  static async open(tf: Tensorflow, folder: string, options: FinetuneGraphOptions): Promise<EncoderTrainer> {
    const { savedModel, weights, parts } = finetuneGraph(options);
    await mkdir(join(folder, 'assets'), { recursive: true });
    const file = await open(join(folder, 'assets', 'weights.bin'), 'w');
    try {
      for (const part of weights) await file.writeFile(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    } finally {
      await file.close();
    }
    await writeFile(join(folder, 'saved_model.pb'), savedModel);
    const load = (signature: string): Promise<SavedModel> => tf.node.loadSavedModel(folder, ['serve'], signature);
    const models = {
      train: await load(signatures.train),
      classify: await load(signatures.classify),
      weights: await load(signatures.weights),
    };
    return new EncoderTrainer(tf, models, parts, options.tensors, options.head.shape[0] ?? 0);
  }

  /**
   * Changes the weights.
   *
   * @param rate learning rate of the last layer
   * @param dropout share of numbers that is dropped
   */
  step(
    batch: TokenBatch,
    targets: BatchTargets,
    { rate, dropout, seed }: { rate: number; dropout: number; seed: number },
  ): StepOutcome {
    const { tf, classes } = this;
    const { texts } = batch;
    this.steps += 1;
    // Adam's moments start at 0; this is their correction (Kingma & Ba 2015, section 2).
    const corrected = (rate * Math.sqrt(1 - decays.second ** this.steps)) / (1 - decays.first ** this.steps);
    const inputs = {
      ...this.tokens(batch, 1 - dropout, seed),
      targets: tf.tensor2d(targets.targets, [texts, classes]),
      weights: tf.tensor1d(targets.weights),
      positives: tf.tensor2d(targets.positives, [texts, texts]),
      anchors: tf.tensor1d(targets.anchors),
      apart: tf.tensor2d(targets.apart, [texts, texts]),
      rate: tf.scalar(corrected),
    };
    const outputs = this.models.train.predict(inputs) as NamedTensorMap;
    const value = (name: string): number => outputs[name]?.dataSync()[0] ?? NaN;
    const outcome = { loss: value('loss'), contrast: value('contrast'), norm: value('norm') };
    tf.dispose([inputs, outputs]);
    return outcome;
  }

  /** @returns logits of the head, [texts, classes] */
  classify(batch: TokenBatch): Float32Array {
    const inputs = this.tokens(batch, 1, 0);
    const outputs = this.models.classify.predict(inputs) as NamedTensorMap;
    const logits = outputs['logits']?.dataSync<'float32'>() ?? new Float32Array();
    this.tf.dispose([inputs, outputs]);
    return logits;
  }

  /** All weights of the encoder as they are now, by BERT's names. */
  weights(): Map<string, Tensor> {
    const outputs = this.models.weights.predict({}) as NamedTensorMap;
    const flat = outputs['weights']?.dataSync<'float32'>() ?? new Float32Array();
    this.tf.dispose(outputs);
    const tensors = new Map(this.untrained);
    let start = 0;
    for (const { name, shape } of this.parts) {
      const length = shape.reduce((product, count) => product * count, 1);
      const values = flat.slice(start, start + length);
      start += length;
      const [, prefix = '', kind = ''] = /^(.*\.attention\.self)\.(weight|bias)$/.exec(name) ?? [];
      if (prefix === '') tensors.set(name, { shape, values });
      // Query, key and value are one weight in the graph.
      else
        ['query', 'key', 'value'].forEach((part, index) => {
          const third = values.slice((index * length) / 3, ((index + 1) * length) / 3);
          tensors.set(`${prefix}.${part}.${kind}`, { shape: [(shape[0] ?? 0) / 3, ...shape.slice(1)], values: third });
        });
    }
    return tensors;
  }

  dispose(): void {
    for (const model of Object.values(this.models)) model.dispose();
  }

  private tokens(batch: TokenBatch, keep: number, seed: number): NamedTensorMap {
    const { tf } = this;
    return {
      ids: tf.tensor1d(batch.ids, 'int32'),
      positions: tf.tensor1d(batch.positions, 'int32'),
      padded: tf.tensor1d(batch.padded, 'int32'),
      places: tf.tensor1d(batch.places, 'int32'),
      mask: tf.tensor2d(batch.mask, [batch.texts, batch.time]),
      seed: tf.scalar(seed, 'int32'),
      keep: tf.scalar(keep),
    };
  }
}
