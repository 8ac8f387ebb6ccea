/**
 * Compiles the service into dist/ and the pages into console/dist/, each only when its sources differ from those it was
 * last built from. Several processes may call it at once: one builds, the others wait for it.
 *
 * `node bin/build.js` builds both.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The sources can't be built; the message is what the compiler said. */
export class BuildFailed extends Error {}

/** Compiles src/, migrations/ and bench/ to dist/. Types are not checked here: `npm run types` and the tests' run do that. */
export async function buildService(root, progress) {
  if (!existsSync(join(root, 'src'))) return;
  const inputs = () =>
    ['src', 'migrations', 'bench', 'tsconfig.json', 'tsconfig.build.json'].flatMap((name) => files(root, name));
  const product = join(root, 'dist', 'src', 'cli.js');
  await buildIfChanged(root, 'service', product, inputs, async (sources) => {
    progress('Compiling the service …');
    // Its notes tell the compiler what it wrote, not what is still there.
    if (!existsSync(product)) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
    const tsc = toolOf(root, 'typescript/package.json', 'bin/tsc');
    await execute(tsc, ['-p', join(root, 'tsconfig.build.json'), '--noCheck'], root);
    removeOrphans(root, sources);
  });
}

/** Bundles the pages of console/ to console/dist/. */
export async function buildConsole(root, progress) {
  const folder = join(root, 'console');
  // The packages that are bundled are part of the pages.
  const inputs = () => [...files(root, 'console'), 'package-lock.json'];
  await buildIfChanged(root, 'console', join(folder, 'dist', 'index.html'), inputs, async () => {
    progress('Bundling the pages …');
    const vite = toolOf(folder, 'vite/package.json', 'bin/vite.js');
    const [fresh, old] = ['dist.new', 'dist.old'].map((name) => join(folder, name));
    await execute(vite, ['build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'], folder);
    rmSync(old, { recursive: true, force: true });
    if (existsSync(join(folder, 'dist'))) renameSync(join(folder, 'dist'), old);
    renameSync(fresh, join(folder, 'dist'));
    rmSync(old, { recursive: true, force: true });
  });
}

async function buildIfChanged(root, name, product, inputs, build) {
  const stamp = join(root, 'dist', `.${name}.sha256`);
  const upToDate = () =>
    existsSync(product) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root, inputs());
  if (upToDate()) return;
  mkdirSync(join(root, 'dist'), { recursive: true });
  await withLock(join(root, 'dist', `.${name}.lock`), async () => {
    if (upToDate()) return;
    // Taken before the build: a source that is saved while it runs makes the next start build again.
    const sources = inputs();
    const built = fingerprint(root, sources);
    rmSync(stamp, { force: true });
    await build(sources);
    writeFileSync(stamp, built);
  });
}

/** Files below `name` in a fixed order, relative to the root. */
function files(root, name) {
  if (/\.json$/.test(name)) return [name];
  return readdirSync(join(root, name), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(name, entry.name);
      if (entry.isDirectory()) return /^(dist(\..*)?|node_modules)$/.test(entry.name) ? [] : files(root, path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}

function fingerprint(root, sources) {
  const hash = createHash('sha256');
  for (const path of sources)
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex');
}

/** A source that is gone must not live on as compiled code. */
function removeOrphans(root, sources) {
  const compiled = new Set(sources.map((path) => path.replace(/\.ts$/, '')));
  for (const path of ['dist/src', 'dist/migrations', 'dist/bench'].flatMap((name) =>
    existsSync(join(root, name)) ? files(root, name) : [],
  )) {
    const source = relative('dist', path).replace(/\.(js|js\.map|d\.ts)$/, '');
    if (!compiled.has(source)) rmSync(join(root, path), { force: true });
  }
}

function toolOf(folder, manifest, script) {
  try {
    return join(dirname(createRequire(join(folder, 'package.json')).resolve(manifest)), script);
  } catch {
    throw new BuildFailed(`${dirname(manifest)} is not installed, and the build is out of date: run "npm ci" first`);
  }
}

async function execute(script, args, cwd) {
  // A test run says `test`, for which React would bring what helps its developers along.
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(process.execPath, [script, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new BuildFailed(`the sources could not be built:\n${said.trim()}`);
}

/** Runs `work` while no other process holds `path`. A lock whose holder is dead is taken over. */
async function withLock(path, work) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    while (!tryLink(mine, path)) {
      const holder = Number(readIfThere(path));
      if (holder && !isAlive(holder)) takeAway(path, holder);
      else await sleep(100);
    }
    try {
      await work();
    } finally {
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead process's lock, and only that one: another waiter may have replaced it by its own meanwhile. */
function takeAway(path, holder) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (Number(readIfThere(aside)) !== holder) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  try {
    await buildService(root, console.error);
    if (existsSync(join(root, 'console', 'vite.config.ts'))) await buildConsole(root, console.error);
  } catch (error) {
    console.error(error instanceof BuildFailed ? `replyrank: ${error.message}` : error);
    process.exitCode = 1;
  }
}
