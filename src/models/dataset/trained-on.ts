/** Which tickets a model version has learned from, kept as hashes: it can be asked of a ticket, not read out. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../tensors/safetensors.js';

export const trainedOnFile = 'trained-on.json';
export const weightsFile = 'weights.safetensors';
/** Embeddings of labelled tickets, [tickets, size] */
export const bankTensor = 'nearest.embeddings';
/** Before the names of what a model knows by the encoder that its own was made of */
export const usualPrefix = 'usual.';

export interface TrainedOn {
  /** Of all tickets it learned from */
  ids: string[];
  /** Of those whose embeddings it holds, in their order */
  nearest: (string | null)[];
}

/** @param id `source:ticketId` @returns first 16 hex digits of its SHA-256 */
export const idHash = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 16);

/**
 * Blots out what the versions in `modelDir` hold of single tickets: the embeddings of the labelled ones. It is the one
 * change that is ever made to a version; what its weights have learned from all tickets together stays.
 *
 * @returns the versions that had learned from any of the tickets
 */
export async function eraseTickets(modelDir: string, ids: readonly string[]): Promise<string[]> {
  const wanted = new Set(ids.map(idHash));
  const versions: string[] = [];
  for (const name of (await readdir(modelDir).catch(() => [])).sort()) {
    const folder = join(modelDir, name);
    const text = await readFile(join(folder, trainedOnFile), 'utf8').catch(() => null);
    if (text === null) continue;
    const { ids: learned, nearest } = JSON.parse(text) as TrainedOn;
    if (!learned.some((hash) => wanted.has(hash))) continue;
    versions.push(name);
    const places = [...nearest.keys()].filter((place) => wanted.has(nearest[place] ?? ''));
    if (places.length > 0) await blotOut(folder, places);
    const left: TrainedOn = { ids: learned, nearest: nearest.map((hash) => (wanted.has(hash ?? '') ? null : hash)) };
    await replace(join(folder, trainedOnFile), (fresh) => writeFile(fresh, JSON.stringify(left)));
  }
  return versions;
}

/** Zeros are like no ticket at all. */
async function blotOut(folder: string, places: readonly number[]): Promise<void> {
  const file = join(folder, weightsFile);
  const tensors = await readSafetensors(file);
  for (const name of [bankTensor, `${usualPrefix}${bankTensor}`]) {
    const bank = tensors.get(name);
    const size = bank?.shape[1] ?? 0;
    for (const place of places) bank?.values.fill(0, place * size, (place + 1) * size);
  }
  await replace(file, (fresh) => writeSafetensors(fresh, tensors));
}

async function replace(file: string, write: (fresh: string) => Promise<void>): Promise<void> {
  const fresh = `${file}.${process.pid}`;
  await write(fresh);
  await rename(fresh, file);
}
