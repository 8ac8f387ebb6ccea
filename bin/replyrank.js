#!/usr/bin/env node
/**
 * Starts the command line: checks what has to be there before any of our code can run, builds a checkout whose sources have
 * changed, then runs the command in this same process, so that signals reach it.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

/** `^20.19.0 || >=22.13.0`, as package.json says it. */
function nodeIsNewEnough([major, minor]) {
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 13) || major > 22;
}

function fail(message) {
  console.error(`replyrank: ${message}`);
  process.exit(1);
}

if (!nodeIsNewEnough(process.versions.node.split('.').map(Number))) {
  fail(`this is Node.js ${process.versions.node}; it needs 20.19 or newer of 20, or 22.13 or newer`);
}
try {
  createRequire(join(root, 'package.json')).resolve('commander');
} catch {
  fail(`the packages are not installed: run "npm ci" in ${root} first`);
}

const { BuildFailed, ensureBuilt } = await import('./build.js');
const argv = process.argv.slice(2);
const pagesAreServed = (argv[0] === 'start' || argv[0] === 'serve') && !argv.includes('--help');
try {
  ensureBuilt(root, pagesAreServed ? 'build' : 'build:service', (line) => console.error(line));
} catch (error) {
  if (error instanceof BuildFailed) fail(error.message);
  throw error;
}
await import('../dist/src/replyrank.js');
