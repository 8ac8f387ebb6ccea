/** Python programs that a benchmark compares with or is checked by, each set in an environment of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { benchDir, say } from './service.js';

/**
 * Installs what `bench/NAME-requirements.txt` (such as `drift/evidently`) names, unless that has been done.
 *
 * @param size what is fetched, for who waits
 * @returns the folder of the programs, `python` among them
 */
export async function pythonPrograms(name: string, size: string): Promise<string> {
  const folder = join(benchDir, `${basename(name)}-venv`);
  const programs = join(folder, 'bin');
  const done = join(folder, 'complete');
  if (existsSync(done)) return programs;
  say(`bench: what ${name}-requirements.txt names (${size})`);
  mkdirSync(benchDir, { recursive: true });
  const file = resolve(import.meta.dirname, '../../../bench', `${name}-requirements.txt`);
  const steps = [
    ['python3', '-m', 'venv', folder],
    [join(programs, 'python'), '-m', 'pip', 'install', '--quiet', '--requirement', file],
    ['touch', done],
  ];
  for (const [program = '', ...rest] of steps) {
    const [code] = (await once(spawn(program, rest, { stdio: ['ignore', 2, 2] }), 'exit')) as [number];
    if (code !== 0) throw new Error(`${program} ${rest.join(' ')} ended with ${code}`);
  }
  return programs;
}
