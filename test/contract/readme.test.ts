import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { commandNames } from '../../src/cli.js';
import { environmentSchema } from '../../src/config/config.js';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(resolve(root, 'README.md'), 'utf8');

/** What the README must say of a variable: its name, its default without this machine's folders, and its meaning. */
const rows = Object.entries(environmentSchema.shape).map(([name, schema]) => {
  const unset = schema.safeParse(undefined);
  const value = unset.success && unset.data !== undefined ? JSON.stringify(unset.data) : '';
  const shown = value.replaceAll('"', '').replace(`${root}/`, '').replace(homedir(), '~').replace('[]', '');
  return `| \`${name}\` | ${shown && `\`${shown}\``} | ${schema.description ?? ''} |`;
});

test('the README lists every variable with its default and meaning', () => {
  const table = /\| variable \| default \| meaning \|\n\|.*\|\n((?:\|.*\|\n)+)/.exec(readme)?.[1] ?? '';
  expect(table.trim().split('\n')).toEqual(rows);
});

test('every variable has a description', () => {
  const silent = Object.entries(environmentSchema.shape).filter(([, schema]) => !schema.description);
  expect(silent.map(([name]) => name)).toEqual([]);
});

test('the README says of every command what it does', () => {
  const [, table = ''] = /\| command \| what it does \|\n\|.*\|\n((?:\|.*\|\n)+)/.exec(readme) ?? [];
  const named = table.split('\n').flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([a-z-]+)/g)]);
  expect(named.map(([, name]) => name).sort()).toEqual([...commandNames].sort());
});
