/** The version of the code that trains a model. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface CodeVersion {
  version: string;
  /** Null outside of a checkout */
  commit: string | null;
  /** Whether the checkout's files differed from its commit */
  changed: boolean;
}

export async function codeVersion(): Promise<CodeVersion> {
  let root = import.meta.dirname;
  while (!existsSync(join(root, 'package.json')) && dirname(root) !== root) root = dirname(root);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  // An installed package may be inside the checkout of another project.
  if (!existsSync(join(root, '.git'))) return { version, commit: null, changed: false };
  const git = async (...words: string[]): Promise<string | null> =>
    promisify(execFile)('git', words, { cwd: root }).then(
      ({ stdout }) => stdout.trim(),
      () => null,
    );
  const commit = await git('rev-parse', 'HEAD');
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return { version, commit, changed: Boolean(changes) };
}
