/** Real clients in Python, each in a virtual environment that is kept in the store. */
import { execFile } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readConfig } from '../../src/config/config.js';

const run = promisify(execFile);

/**
 * Installs packages once.
 *
 * @param name of the environment; another one for other packages
 * @returns the path of its Python, or why there is none, such as no network
 */
export async function pythonWith(
  name: string,
  packages: readonly string[],
): Promise<{ python: string } | { missing: string }> {
  const folder = join(readConfig().STORE_DIR, 'test-python', name);
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  try {
    await access(complete);
    return { python };
  } catch {
    // Installed below.
  }
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await run('python3', ['-m', 'venv', folder]);
    const options = ['--quiet', '--disable-pip-version-check', '--timeout', '10', '--retries', '1'];
    await run(python, ['-m', 'pip', 'install', ...options, ...packages], { timeout: 150_000 });
    await writeFile(complete, '');
    return { python };
  } catch (error) {
    return { missing: `pip could not install ${packages.join(', ')}: ${(error as Error).message.split('\n').at(-1)}` };
  }
}

/** Runs a program text. @returns the JSON that it prints @throws Error with its stderr */
export async function runPython(python: string, program: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run(python, ['-c', program, ...args], { timeout: 60_000 });
  return JSON.parse(stdout);
}
