/** Which tickets a model version has learned from, kept as hashes: it can be asked of a ticket, not read out. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const trainedOnFile = 'trained-on.json';

/** @param id `source:ticketId` @returns first 16 hex digits of its SHA-256 */
export const idHash = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 16);

/** Which versions in `modelDir` have learned from any of the tickets. */
export async function versionsTrainedOn(modelDir: string, ids: readonly string[]): Promise<string[]> {
  const wanted = new Set(ids.map(idHash));
  const versions: string[] = [];
  for (const name of (await readdir(modelDir).catch(() => [])).sort()) {
    const text = await readFile(join(modelDir, name, trainedOnFile), 'utf8').catch(() => null);
    if (text === null) continue;
    const { ids: learned } = JSON.parse(text) as { ids: string[] };
    if (learned.some((hash) => wanted.has(hash))) versions.push(name);
  }
  return versions;
}
