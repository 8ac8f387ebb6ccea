import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '../processes/process-identity.js';
import { errorCode } from './setup-error.js';

let lockCount = 0;

/**
 * Runs `work` while no one else, in this process or another, holds the lock. The lock of a process that died is taken over.
 *
 * @param path a file in a folder that all processes can write; it exists only while the lock is held
 * @param onWait called once with the holder's pid if the lock is not free
 * @throws the signal's reason if it is aborted while the lock is not free
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  { onWait, signal }: { onWait?: (pid: number) => void; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const self = identify(process.pid);
  if (!self) throw new Error('this process can not be identified');
  await mkdir(dirname(path), { recursive: true });
  lockCount += 1;
  const ownFile = `${path}.${process.pid}-${lockCount}`;
  await writeFile(ownFile, JSON.stringify(self));
  try {
    for (let isWaiting = false; !(await tryLink(ownFile, path));) {
      const holder = await readHolder(path);
      if (!holder) continue;
      if (!isAlive(holder)) {
        await removeStale(path, holder, `${ownFile}.stale`);
        continue;
      }
      if (!isWaiting) onWait?.(holder.pid);
      isWaiting = true;
      signal?.throwIfAborted();
      await sleep(50);
    }
    try {
      return await work();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    await rm(ownFile, { force: true });
  }
}

/** A hard link is atomic: no one reads a lock that is half-written. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Removes the lock of a dead holder only: another process may have taken the lock meanwhile. */
async function removeStale(path: string, dead: ProcessIdentity, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const taken = await readHolder(aside);
  if (taken && (taken.pid !== dead.pid || taken.started !== dead.started)) await tryLink(aside, path);
  await rm(aside, { force: true });
}
