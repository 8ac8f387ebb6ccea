import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelDescription } from './model-folder.js';

/**
 * Deletes a model, and the cached graph and embeddings of its own encoder.
 *
 * @param cacheDirs folders of those caches
 */
export async function removeModel(folder: string, cacheDirs: readonly string[]): Promise<void> {
  const text = await readFile(join(folder, 'model.json'), 'utf8').catch(() => null);
  const { recipe, encoder } = parseDescription(text);
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

/** @returns an empty object where the description can't be read */
export function parseDescription(text: string | null): Partial<Pick<ModelDescription, 'recipe' | 'encoder'>> {
  try {
    return JSON.parse(text ?? '{}') as Partial<ModelDescription>;
  } catch {
    return {};
  }
}
