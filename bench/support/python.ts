/** Python programs that benches compare with, each set in its own environment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { benchDir, log } from './service.js';

/**
 * Installs bench/NAME-requirements.txt once; NAME is, for example, `drift/evidently`.
 *
 * @param size of the download, for the progress line
 * @returns the folder of the programs, including `python`
 */
export async function pythonBin(name: string, size: string): Promise<string> {
  const folder = join(benchDir, `${basename(name)}-venv`);
  const programs = join(folder, 'bin');
  const done = join(folder, 'complete');
  if (existsSync(done)) return programs;
  log(`bench: installing ${name}-requirements.txt (${size})`);
  mkdirSync(benchDir, { recursive: true });
  const file = resolve(import.meta.dirname, '../../../bench', `${name}-requirements.txt`);
  const steps = [
    ['python3', '-m', 'venv', folder],
    [join(programs, 'python'), '-m', 'pip', 'install', '--quiet', '--requirement', file],
    ['touch', done],
  ];
  for (const [program = '', ...rest] of steps) {
    const [code] = (await once(spawn(program, rest, { stdio: ['ignore', 2, 2] }), 'exit')) as [number];
    if (code !== 0) throw new Error(`${program} ${rest.join(' ')} exited with ${code}`);
  }
  return programs;
}
