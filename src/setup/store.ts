/**
 * The store: what the set-up downloads or builds once, outside node_modules, which `npm ci` empties.
 *
 * Invariant: an entry is a folder that exists under its name only when it is complete. It is filled under another name,
 * the sizes of its files are recorded, and the rename comes last. So an interrupted set-up leaves nothing that a later
 * one would take for complete, and the later one removes what is left.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './lock.js';
import type { Report } from './progress.js';
import { explainFileError, SetupError } from './setup-error.js';

export interface StoreEntry {
  /** Folder in the store. It contains the version: another version is another entry. */
  name: string;
  /** Display name, such as "TensorFlow 2.21.0 (CPU)" */
  title: string;
  /** Progress text while it is filled, such as "downloading 274 MB" */
  activity: string;
  /** Free disk space that filling it takes, with downloads, bytes */
  bytesNeeded: number;
  /** Fills an empty folder. @throws once the signal is aborted */
  fill(folder: string, signal?: AbortSignal): Promise<void>;
}

const manifestName = '.entry.json';

/**
 * Makes sure that an entry is complete.
 *
 * Safe to call from several processes at once: one fills it, the others wait.
 *
 * @returns the entry's folder
 * @throws SetupError if the network, the disk or this machine prevents it; the signal's reason once it is aborted
 */
export async function ensureEntry(
  storeDir: string,
  entry: StoreEntry,
  report: Report,
  signal?: AbortSignal,
): Promise<string> {
  const folder = join(storeDir, entry.name);
  if (await isComplete(folder)) {
    report(`${entry.title}: already installed`);
    return folder;
  }
  try {
    await mkdir(storeDir, { recursive: true });
    await withLock(
      join(storeDir, `.${entry.name}.lock`),
      async () => {
        if (!(await isComplete(folder))) await fillEntry(storeDir, entry, report, signal);
      },
      { onWait: (pid) => report(`${entry.title}: waiting for process ${pid}`), signal },
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
  const started = Date.now();
  const temporary = join(storeDir, `.${entry.name}.new`);
  await rm(temporary, { recursive: true, force: true });
  await requireSpace(storeDir, entry.bytesNeeded, entry.title);
  report(`${entry.title}: ${entry.activity} …`);
  await mkdir(temporary);
  try {
    await entry.fill(temporary, signal);
    await writeFile(join(temporary, manifestName), JSON.stringify(await fileSizes(temporary)));
    await rm(join(storeDir, entry.name), { recursive: true, force: true });
    await rename(temporary, join(storeDir, entry.name));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  report(`${entry.title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** Whether the folder has every file in its full size: a power failure may have truncated one. */
export async function isComplete(folder: string): Promise<boolean> {
  try {
    const sizes = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as Record<string, number>;
    const present = await Promise.all(
      Object.entries(sizes).map(async ([name, size]) => (await stat(join(folder, name))).size === size),
    );
    return present.every(Boolean);
  } catch {
    return false;
  }
}

async function fileSizes(folder: string): Promise<Record<string, number>> {
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
    `${title} needs ${formatBytes(bytes)} of free disk space for ${folder}, but only ${formatBytes(bavail * bsize)} ` +
      'are free: free some space, or set STORE_DIR to a folder on another disk.',
  );
}

/** SHA-256 of a file, in hexadecimal */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Compares a downloaded file with its pinned hash.
 *
 * @param name used in messages
 * @throws SetupError with the likely cause
 */
export async function requireHash(path: string, sha256: string, name: string): Promise<void> {
  const found = await fileSha256(path);
  if (found === sha256) return;
  const { size } = await stat(path);
  const cause = (await looksLikeWebPage(path))
    ? 'it is a web page, probably from a proxy or a sign-in page'
    : 'it was modified or truncated in transit';
  throw new SetupError(
    `${name} does not match its expected hash: ${cause} (${formatBytes(size)}; SHA-256 ${found}, ` +
      `expected ${sha256}). It was discarded.`,
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

/** Such as "1.3 GB" */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** step).toFixed(step > 2 ? 1 : 0)} ${units[step] ?? ''}`;
}
