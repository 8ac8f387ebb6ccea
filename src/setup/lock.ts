import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '../processes/process-identity.js';
import { codeOf } from './setup-error.js';

let serial = 0;

/**
 * Runs `work` while nobody else, in this process or another, holds the lock. A holder that died is replaced at once.
 *
 * @param path a file in a folder that all takers can write; it is there only while the lock is held
 * @param onWait called once, with the holder's process number, if the lock is not free
 * @throws the signal's reason where it is aborted while the lock is not free
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  { onWait, signal }: { onWait?: (pid: number) => void; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const me = identify(process.pid);
  if (!me) throw new Error('This process can not be identified');
  await mkdir(dirname(path), { recursive: true });
  serial += 1;
  const mine = `${path}.${process.pid}-${serial}`;
  await writeFile(mine, JSON.stringify(me));
  try {
    for (let told = false; !(await tryLink(mine, path));) {
      const holder = await readHolder(path);
      if (!holder) continue;
      if (!isAlive(holder)) {
        await takeAway(path, holder, `${mine}.stale`);
        continue;
      }
      if (!told) onWait?.(holder.pid);
      told = true;
      signal?.throwIfAborted();
      await sleep(50);
    }
    try {
      return await work();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** A hard link appears with its content or not at all: nobody ever reads a half-written lock. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
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

/** Removes the lock of a dead holder, and only that one: another waiter may have put its own there meanwhile. */
async function takeAway(path: string, dead: ProcessIdentity, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const taken = await readHolder(aside);
  if (taken && (taken.pid !== dead.pid || taken.started !== dead.started)) await tryLink(aside, path);
  await rm(aside, { force: true });
}
