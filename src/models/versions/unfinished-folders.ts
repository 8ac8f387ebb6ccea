/** What a training that was killed leaves beside its model's folder, and a model that is deleted in the caches. */
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { identify } from '../../processes/process-identity.js';

type Kind = 'unfinished' | 'encoder';

/** Hidden, beside the folder that it becomes or belongs to; its name says which process of which machine is at it. */
export function unfinishedFolder(out: string, kind: Kind): string {
  return join(dirname(out), `.${basename(out)}.${process.pid}@${hostname()}.${kind}`);
}

/** Removes such folders of processes of this machine that have ended. Another machine may be at work in the same folder. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid, host] = /^\..+\.(\d+)@(.+)\.(?:unfinished|encoder)$/.exec(name) ?? [];
    if (pid === undefined || host !== hostname() || identify(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
