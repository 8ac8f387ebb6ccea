import { readFile, rename, writeFile } from 'node:fs/promises';
import { errorCode } from '../setup/setup-error.js';

/** State of a server between starts. Only its owner can read it, because it contains passwords. */
export async function readState<T extends object>(path: string): Promise<Partial<T>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<T>;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    throw error;
  }
}

export async function writeState(path: string, state: object): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
