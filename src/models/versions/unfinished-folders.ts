/** Folders that a killed training leaves behind. */
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { identify } from '../../processes/process-identity.js';

type Kind = 'unfinished' | 'encoder';

/** A hidden folder beside the model's; its name has the process and the machine that write it. */
export function unfinishedFolder(out: string, kind: Kind): string {
  return join(dirname(out), `.${basename(out)}.${process.pid}@${hostname()}.${kind}`);
}

/** Removes the folders of this machine's processes that have ended. Other machines may share the parent folder. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid, host] = /^\..+\.(\d+)@(.+)\.(?:unfinished|encoder)$/.exec(name) ?? [];
    if (pid === undefined || host !== hostname() || identify(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
