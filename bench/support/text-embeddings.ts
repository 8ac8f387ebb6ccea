/** Embeddings of texts by the service's encoder, cached in a file: a bench with many repetitions encodes them once. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readConfig } from '../../src/config/config.js';
import { Encoder } from '../../src/models/encoder/encoder.js';
import { loadTensorflow } from '../../src/models/tensors/tensorflow.js';
import { setUp } from '../../src/setup/setup.js';
import { log } from './service.js';

const batchSize = 2048;

/** @returns the embeddings, one row after another, [texts, size] */
export async function cachedEmbeddings(
  texts: readonly string[],
  cacheFolder: string,
): Promise<{ values: Float32Array; size: number }> {
  const hash = createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
  const file = join(cacheFolder, `embeddings-${hash}.f32`);
  if (!existsSync(file)) await encode(texts, file);
  const bytes = readFileSync(file);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return { values, size: values.length / texts.length };
}

async function encode(texts: readonly string[], file: string): Promise<void> {
  const { STORE_DIR: storeDir } = readConfig();
  const { encoderDir } = await setUp({ storeDir, tensorflow: 'cpu', kafka: false, postgres: false }, log);
  const { tf } = await loadTensorflow('cpu');
  const encoder = await Encoder.open(tf, encoderDir, storeDir);
  const all = new Float32Array(texts.length * encoder.size);
  for (let start = 0; start < texts.length; start += batchSize) {
    const encoded = encoder.encode(texts.slice(start, start + batchSize));
    encoded.forEach((views, index) => all.set(views.subarray(0, encoder.size), (start + index) * encoder.size));
    log(`bench: ${Math.min(start + batchSize, texts.length)} of ${texts.length} texts encoded`);
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, new Uint8Array(all.buffer));
}
