import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../src/models/encoder/encoder.js';
import { readSafetensors, writeSafetensors } from '../../src/models/tensors/safetensors.js';

/** The first layers of an encoder as an encoder of its own: quick to train, and it still reads. */
export async function smallEncoder(from: string, to: string, layers = 3): Promise<string> {
  await mkdir(to, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    if (await exists(join(from, name))) await copyFile(join(from, name), join(to, name));
  }
  const config = JSON.parse(await readFile(join(from, 'config.json'), 'utf8')) as object;
  await writeFile(join(to, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: layers }));
  const tensors = await readSafetensors(join(from, 'model.safetensors'));
  const kept = [...tensors].filter(([name]) => Number(/^encoder\.layer\.(\d+)/.exec(name)?.[1] ?? 0) < layers);
  await writeSafetensors(join(to, 'model.safetensors'), new Map(kept));
  return to;
}
