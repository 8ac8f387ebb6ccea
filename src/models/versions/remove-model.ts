import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelDescription } from './model-folder.js';

/**
 * Deletes a model, and the graph and embeddings of an encoder that was its own.
 *
 * @param cacheDirs where those are kept
 */
export async function removeModel(folder: string, cacheDirs: readonly string[]): Promise<void> {
  const text = await readFile(join(folder, 'model.json'), 'utf8').catch(() => null);
  const { recipe, encoder } = parsed(text);
  if (recipe === 'finetune' && encoder) {
    const own = new RegExp(`^(encoder|embeddings)-${encoder.hash.slice(0, 16)}(-|$)`);
    for (const cacheDir of cacheDirs) {
      for (const name of await readdir(cacheDir).catch(() => [])) {
        if (own.test(name)) await rm(join(cacheDir, name), { recursive: true, force: true });
      }
    }
  }
  await rm(folder, { recursive: true, force: true });
}

/** A description that can't be read names no encoder. */
export function parsed(text: string | null): Partial<Pick<ModelDescription, 'recipe' | 'encoder'>> {
  try {
    return JSON.parse(text ?? '{}') as Partial<ModelDescription>;
  } catch {
    return {};
  }
}
