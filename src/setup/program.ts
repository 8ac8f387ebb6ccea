import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { childEnvironment } from '../config/config.js';
import type { ServerUser } from './server-user.js';

/** Exit code and output of a program */
export interface ProgramResult {
  /** Null if a signal ended it */
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program until it exits, in the environment of this process and `extra`.
 *
 * @throws Error if it can't be started; the signal's reason once it is aborted and the program has exited
 */
export async function runProgram(
  file: string,
  args: string[],
  options: {
    cwd?: string;
    extra?: Record<string, string>;
    user?: ServerUser;
    /** Written to its standard input */
    input?: string;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<ProgramResult> {
  const { signal } = options;
  signal?.throwIfAborted();
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: childEnvironment(options.extra),
    stdio: 'pipe',
    ...options.user,
  });
  // A program that does not read its input may have ended before.
  child.stdin.on('error', () => undefined).end(options.input);
  const result: ProgramResult = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
  const kill = (): void => void child.kill();
  signal?.addEventListener('abort', kill, { once: true });
  try {
    result.code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
  } finally {
    signal?.removeEventListener('abort', kill);
  }
  // Ctrl-C reaches the program too, so its failure then means nothing.
  signal?.throwIfAborted();
  return result;
}

/** Full path of a program; undefined if there is none */
export function findProgram(name: string, searchPath = childEnvironment().PATH ?? ''): string | undefined {
  for (const folder of searchPath.split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      continue;
    }
  }
  return undefined;
}
