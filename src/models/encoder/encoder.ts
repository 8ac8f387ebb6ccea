/** The text encoder: texts to vectors, with TensorFlow. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readEncoderConfig, type EncoderConfig } from './encoder-config.js';
import { planCalls } from './encoder-calls.js';
import { encoderGraph, graphVersion, lanesSignature } from './encoder-graph.js';
import { threadCount } from './encoder-threads.js';
import { readSafetensors } from '../tensors/safetensors.js';
import { detectDevice, type NamedTensorMap, type Tensorflow } from '../tensors/tensorflow.js';
import { TextWindows } from './text-windows.js';

/** Maximum tokens of a window: longer windows cost more and rank worse with the tested encoders. */
const maxWindowTokens = 256;
type SavedModel = Awaited<ReturnType<Tensorflow['node']['loadSavedModel']>>;

export class Encoder {
  private constructor(
    private readonly tf: Tensorflow,
    /** One per number of lanes, from 1 */
    private readonly models: readonly SavedModel[],
    private readonly windows: TextWindows,
    /** `hash`: SHA-256 of the weights; `folders`: its files, and what is derived from them */
    private readonly about: { hash: string; config: EncoderConfig; folders: { encoder: string; cache: string } },
  ) {}

  /**
   * @param encoderDir config.json, model.safetensors, tokenizer.json
   * @param cacheDir folder of the derived graph
   * @throws Error with the file that can't be used
   */
  static async open(tf: Tensorflow, encoderDir: string, cacheDir: string): Promise<Encoder> {
    const weightsFile = join(encoderDir, 'model.safetensors');
    const config = await readEncoderConfig(join(encoderDir, 'config.json'));
    const hash = await fileHash(weightsFile, cacheDir);
    // A GPU runs one call at a time, on all of its cores.
    const lanes = detectDevice(tf) === 'gpu' ? 1 : threadCount(availableParallelism());
    const graphDir = join(cacheDir, `encoder-${hash.slice(0, 16)}-${graphVersion}-${lanes}`);
    if (!(await exists(graphDir))) await writeGraph(graphDir, config, weightsFile, lanes);
    const longest = Math.min(maxWindowTokens, config.max_position_embeddings - config.positionOffset);
    const windows = await TextWindows.open(encoderDir, longest);
    const models: SavedModel[] = [];
    for (let count = 1; count <= lanes; count += 1) {
      models.push(await tf.node.loadSavedModel(graphDir, ['serve'], lanesSignature(count)));
    }
    return new Encoder(tf, models, windows, { hash, config, folders: { encoder: encoderDir, cache: cacheDir } });
  }

  /** SHA-256 of the weights. */
  get hash(): string {
    return this.about.hash;
  }

  get folders(): { encoder: string; cache: string } {
    return this.about.folders;
  }

  /** Numbers in an embedding. */
  get size(): number {
    return this.about.config.hidden_size;
  }

  /** Numbers that `encode` returns per text: five views, the first of them the embedding. */
  get width(): number {
    return 5 * this.size;
  }

  /**
   * Encodes texts; a long text in at most 16 windows, whose vectors are averaged by token count.
   *
   * @returns per text [width]; zeros for a text without tokens
   */
  encode(texts: readonly string[]): Float32Array[] {
    const windows = texts.flatMap((text, index) => this.windows.split(text).map((ids) => ({ ids, index })));
    windows.sort((a, b) => a.ids.length - b.ids.length);
    const sums = texts.map(() => new Float32Array(this.width));
    // Sorted by length, which keeps the padding small.
    const lengths = windows.map(({ ids }) => ids.length);
    for (const calls of planCalls(lengths, this.models.length)) {
      const read = calls.map(({ start, end }) => windows.slice(start, end));
      this.run(read.map((some) => some.map(({ ids }) => ids))).forEach((vectors, lane) => {
        read[lane]?.forEach(({ ids, index }, row) => {
          const sum = sums[index];
          if (!sum) return;
          for (let at = 0; at < this.width; at += 1) {
            sum[at] = (sum[at] ?? 0) + ids.length * (vectors[row * this.width + at] ?? 0);
          }
        });
      });
    }
    for (const sum of sums) {
      for (let view = 0; view < this.width; view += this.size) normalise(sum.subarray(view, view + this.size));
    }
    return sums;
  }

  /** @returns the first of the views, L2-normalised; null for a text without tokens */
  pickEmbedding(views: Float32Array): Float32Array | null {
    const embedding = views.slice(0, this.size);
    return embedding.some((value) => value !== 0) ? embedding : null;
  }

  dispose(): void {
    for (const model of this.models) model.dispose();
  }

  /** @returns per lane [windows, width] */
  private run(lanes: readonly number[][][]): Float32Array[] {
    const { tf } = this;
    const inputs: NamedTensorMap = {};
    lanes.forEach((windows, lane) => {
      const time = Math.max(...windows.map((ids) => ids.length));
      const ids = new Int32Array(windows.length * time);
      const mask = new Int32Array(windows.length * time);
      windows.forEach((window, row) => {
        ids.set(window, row * time);
        mask.fill(1, row * time, row * time + window.length);
      });
      inputs[`ids${lane}`] = tf.tensor2d(ids, [windows.length, time]);
      inputs[`mask${lane}`] = tf.tensor2d(mask, [windows.length, time]);
    });
    const outputs = this.models[lanes.length - 1]?.predict(inputs) as NamedTensorMap;
    const values = lanes.map((_, lane) => outputs[`pooled${lane}`]?.dataSync<'float32'>() ?? new Float32Array());
    tf.dispose([inputs, outputs]);
    return values;
  }
}

function normalise(vector: Float32Array): void {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) * scale;
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Hashing 90 MB takes 0.3 s, so the hash is cached by path, size, date and inode. */
async function fileHash(path: string, cacheDir: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  const name = createHash('sha256').update(`${path}\0${size}\0${mtimeMs}\0${ino}`).digest('hex').slice(0, 16);
  const note = join(cacheDir, `weights-${name}.sha256`);
  const known = await readFile(note, 'utf8').catch(() => '');
  if (/^[0-9a-f]{64}$/.test(known)) return known;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const result = hash.digest('hex');
  await mkdir(cacheDir, { recursive: true });
  await writeFile(`${note}.${process.pid}`, result);
  await rename(`${note}.${process.pid}`, note);
  return result;
}

/** Written to a temporary folder and renamed: other processes may write the same graph, and any may be killed. */
async function writeGraph(graphDir: string, config: EncoderConfig, weightsFile: string, lanes: number): Promise<void> {
  const { savedModel, weights } = encoderGraph(config, await readSafetensors(weightsFile), lanes);
  const fresh = `${graphDir}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(join(fresh, 'assets'), { recursive: true });
  const file = await open(join(fresh, 'assets', 'weights.bin'), 'w');
  try {
    for (const part of weights) await file.writeFile(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  } finally {
    await file.close();
  }
  await writeFile(join(fresh, 'saved_model.pb'), savedModel);
  try {
    await rename(fresh, graphDir);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!(await exists(graphDir))) throw error;
  }
}
