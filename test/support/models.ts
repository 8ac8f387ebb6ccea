import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readConfig } from '../../src/config/config.js';
import { Encoder } from '../../src/models/encoder/encoder.js';
import { loadTensorflow, type Tensorflow } from '../../src/models/tensors/tensorflow.js';
import type { TrainingSettings } from '../../src/models/training/training-settings.js';

const samples = resolve(import.meta.dirname, '../../samples/banking77');

/** TensorFlow and the encoder, in this process. */
export async function openEncoder(): Promise<{
  tf: Tensorflow;
  encoder: Encoder;
  encoderDir: string;
  cacheDir: string;
}> {
  const { ENCODER_DIR, STORE_DIR: cacheDir } = readConfig();
  const encoderDir = ENCODER_DIR ?? join(cacheDir, 'all-MiniLM-L6-v2');
  const { tf } = await loadTensorflow('cpu');
  return { tf, encoder: await Encoder.open(tf, encoderDir, cacheDir), encoderDir, cacheDir };
}

export async function scratchFolder(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'replyrank-models-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The sample's tickets of the first contact types, so many of each, as a file. */
export async function smallSample(
  folder: string,
  part: 'train' | 'test',
  { types, each }: { types: number; each: number },
): Promise<string> {
  const [header = '', ...lines] = (await readFile(join(samples, `${part}.tsv`), 'utf8')).trimEnd().split('\n');
  const train = (await readFile(join(samples, 'train.tsv'), 'utf8')).trimEnd().split('\n').slice(1);
  const names = [...new Set(train.map((line) => line.split('\t')[1]))].sort().slice(0, types);
  const counts = new Map<string, number>();
  const kept = lines.filter((line) => {
    const type = line.split('\t')[1] ?? '';
    counts.set(type, (counts.get(type) ?? 0) + 1);
    return names.includes(type) && (counts.get(type) ?? 0) <= each;
  });
  const file = join(folder, `${part}-${types}-${each}.tsv`);
  await writeFile(file, `${[header, ...kept].join('\n')}\n`);
  return file;
}

export function trainingSettings(folder: string, data: string, out: string): TrainingSettings {
  return {
    data,
    columns: { label: 'category' },
    templates: null,
    out: join(folder, out),
    seed: 1,
    precision: 0.5,
    coverage: 0.95,
    knownContactType: false,
    cacheDir: join(folder, 'cache'),
  };
}
