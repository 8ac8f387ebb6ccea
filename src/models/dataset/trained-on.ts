/** The tickets that a model version was trained on, as hashes: a ticket can be looked up, the list can't be read out. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../tensors/safetensors.js';

export const trainedOnFile = 'trained-on.json';
export const weightsFile = 'weights.safetensors';
/** Embeddings of labelled tickets, [tickets, size] */
export const bankTensor = 'nearest.embeddings';
/** Prefix of tensor names of the heads on the base encoder */
export const basePrefix = 'base.';

export interface TrainedOn {
  /** Hashes of all training tickets */
  ids: string[];
  /** Hashes of the tickets in the nearest-ticket bank, in its order */
  nearest: (string | null)[];
}

/** @param id `source:ticketId` @returns first 16 hex digits of its SHA-256 */
export const idHash = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 16);

/**
 * Erases single tickets from the versions in `modelDir`: their embeddings become zeros. This is the only change ever made to a
 * version; the weights, which are trained on all tickets together, stay.
 *
 * @returns the versions that were trained on any of the tickets
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
    if (places.length > 0) await zeroEmbeddings(folder, places);
    const left: TrainedOn = { ids: learned, nearest: nearest.map((hash) => (wanted.has(hash ?? '') ? null : hash)) };
    await replace(join(folder, trainedOnFile), (fresh) => writeFile(fresh, JSON.stringify(left)));
  }
  return versions;
}

/** The cosine of a zero vector to any ticket is 0. */
async function zeroEmbeddings(folder: string, places: readonly number[]): Promise<void> {
  const file = join(folder, weightsFile);
  const tensors = await readSafetensors(file);
  for (const name of [bankTensor, `${basePrefix}${bankTensor}`]) {
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
