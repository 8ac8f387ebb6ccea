/**
 * Results of the benches: one file each in bench/results/, with the command, the date and the machine. Paths outside the
 * repository and host names are not stored.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { isAbsolute, join, normalize } from 'node:path';

const folderOf = (root) => join(root, 'bench', 'results');

/**
 * Stores the output of a command.
 *
 * @param root the repository
 * @param name name of the bench, with `-VARIANT` if the bench has several results
 * @param command words of the command line; files outside the repository are stored as PATH
 * @param printed output of the command; its last line is a JSON object
 * @returns the file, relative to the root
 */
export function saveResult({ root, name, command, printed }) {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) throw new Error(`${name}: a result's name has a-z, 0-9, dots and hyphens`);
  const figures = JSON.parse(printed.trimEnd().split('\n').at(-1) ?? '');
  const result = {
    command: command.map((word) => publicWord(root, word)).join(' '),
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cores: availableParallelism(),
      memoryGb: Math.round(totalmem() / 2 ** 30),
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      node: process.version,
    },
    commit: commitOf(root),
    figures,
  };
  mkdirSync(folderOf(root), { recursive: true });
  const file = join('bench', 'results', `${name}.json`);
  writeFileSync(join(root, file), `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

/** @returns stored results by name, sorted */
export function readResults(root) {
  const names = readdirSync(folderOf(root)).filter((entry) => entry.endsWith('.json'));
  return new Map(
    names
      .toSorted()
      .map((entry) => [entry.slice(0, -'.json'.length), JSON.parse(readFileSync(join(folderOf(root), entry), 'utf8'))]),
  );
}

/** A word of the command line for publication: paths outside the repository become PATH. */
function publicWord(root, word) {
  const [, option = '', value = word] = /^(--[\w-]+=)(.*)$/s.exec(word) ?? [];
  const isOutside = isAbsolute(value) || normalize(value).startsWith('..') || value.startsWith('~');
  const isUnknownPath = value.includes('/') && !existsSync(join(root, value));
  const shown = isOutside || isUnknownPath ? 'PATH' : value;
  return option + (/[\s'"$*?;&|<>()]/.test(shown) ? `'${shown}'` : shown);
}

function commitOf(root) {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
