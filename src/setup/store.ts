/**
 * The store: what set-up fetches or builds once, outside node_modules, which `npm ci` empties.
 *
 * Invariant: an entry is a folder that appears under its name only when it is whole. It is filled under another name,
 * its files' sizes are written down, and the rename comes last; so an interrupted set-up leaves nothing that a later one
 * would take for good. What it leaves is removed by the next.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './lock.js';
import type { Report } from './progress.js';
import { explainFileError, SetupError } from './setup-error.js';

export interface StoreEntry {
  /** Folder in the store. It names the version: another version is another entry. */
  name: string;
  /** What it is, for people: "TensorFlow 2.21.0 (CPU)" */
  title: string;
  /** What is being done while it is filled: "fetching 274 MB" */
  doing: string;
  /** What the disk must have free while it is filled, bytes; downloads included. */
  bytesNeeded: number;
  /** Puts the files into an empty folder; ends early, with an error, once the signal is aborted. */
  fill(folder: string, signal?: AbortSignal): Promise<void>;
}

const manifestName = '.entry.json';

/**
 * Makes sure that an entry is there.
 *
 * Safe to call from several processes at once: one fills, the others wait for it.
 *
 * @returns the entry's folder
 * @throws SetupError where the network, the disk or this machine stands in the way; the signal's reason once it is aborted
 */
export async function ensureEntry(
  storeDir: string,
  entry: StoreEntry,
  report: Report,
  signal?: AbortSignal,
): Promise<string> {
  const folder = join(storeDir, entry.name);
  if (await isWhole(folder)) {
    report(`${entry.title}: already there`);
    return folder;
  }
  try {
    await mkdir(storeDir, { recursive: true });
    await withLock(
      join(storeDir, `.${entry.name}.lock`),
      async () => {
        if (!(await isWhole(folder))) await fillEntry(storeDir, entry, report, signal);
      },
      { onWait: (pid) => report(`${entry.title}: process ${pid} is at it, waiting`), signal },
    );
  } catch (error) {
    throw explainFileError(error, storeDir);
  }
  return folder;
}

async function fillEntry(
  storeDir: string,
  entry: StoreEntry,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const begun = Date.now();
  const fresh = join(storeDir, `.${entry.name}.new`);
  await rm(fresh, { recursive: true, force: true });
  await requireSpace(storeDir, entry.bytesNeeded, entry.title);
  report(`${entry.title}: ${entry.doing} …`);
  await mkdir(fresh);
  try {
    await entry.fill(fresh, signal);
    await writeFile(join(fresh, manifestName), JSON.stringify(await sizesBelow(fresh)));
    await rm(join(storeDir, entry.name), { recursive: true, force: true });
    await rename(fresh, join(storeDir, entry.name));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  report(`${entry.title}: in place after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

/** Whether the folder is there with every file in its full size: a disk that lost power may have cut one short. */
export async function isWhole(folder: string): Promise<boolean> {
  try {
    const sizes = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as Record<string, number>;
    const there = await Promise.all(
      Object.entries(sizes).map(async ([name, size]) => (await stat(join(folder, name))).size === size),
    );
    return there.every(Boolean);
  } catch {
    return false;
  }
}

async function sizesBelow(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of await readdir(folder, { recursive: true })) {
    const { size, isFile } = await stat(join(folder, name)).then((s) => ({ size: s.size, isFile: s.isFile() }));
    if (isFile) sizes[name] = size;
  }
  return sizes;
}

async function requireSpace(folder: string, bytes: number, title: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw new SetupError(
    `${title} needs ${readableSize(bytes)} free on the disk that holds ${folder}, ` +
      `and ${readableSize(bavail * bsize)} are left: free some space, or set STORE_DIR to a folder on another disk.`,
  );
}

/** A file's SHA-256, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Checks a file that was fetched against its pinned hash.
 *
 * @param name what it is called in messages
 * @throws SetupError saying what came instead; a web page is called one
 */
export async function requireHash(path: string, sha256: string, name: string): Promise<void> {
  const found = await sha256Of(path);
  if (found === sha256) return;
  const { size } = await stat(path);
  const cause = (await looksLikeWebPage(path))
    ? 'it is a web page: a proxy or sign-in page answered in the place of the package registry'
    : 'it was changed or cut short on its way';
  throw new SetupError(
    `${name} is not the file that was asked for: ${cause} (${readableSize(size)}; SHA-256 ${found}, ` +
      `expected ${sha256}). Nothing of it was used.`,
  );
}

async function looksLikeWebPage(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return /^\s*<(!doctype html|html|head|body|\?xml[^>]*>\s*<(!doctype )?html)/i.test(
      buffer.toString('latin1', 0, bytesRead),
    );
  } finally {
    await file.close();
  }
}

/** Bytes for people: "1.3 GB" */
export function readableSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** step).toFixed(step > 2 ? 1 : 0)} ${units[step] ?? ''}`;
}
