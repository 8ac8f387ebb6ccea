/**
 * In a checkout with its development packages, builds what is older than its sources before a command runs. Wireit
 * (package.json) knows what has really changed, and lets one process build while others wait. A shipped `dist/`, and a
 * checkout after `npm ci --omit=dev`, run as they are.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The sources can't be built; the message is what the compiler printed. */
export class BuildFailed extends Error {}

const service = ['src', 'migrations', 'bench', 'tsconfig.json', 'tsconfig.build.json'];
const sources = {
  'build:service': service,
  build: [...service, 'console', 'docs/glossary.md', 'docs/glossary.de.md', 'package-lock.json'],
};

/**
 * @param root folder of package.json
 * @param script of package.json: `build:service` for the service alone, `build` for the pages too
 * @param progress is told when something is built
 */
export function ensureBuilt(root, script, progress) {
  if (!existsSync(join(root, 'src'))) return;
  if (!isInstalled(root, 'wireit')) return requireProduct(root);
  const stamp = join(root, 'dist', `.${script.replace(':', '-')}.stamp`);
  if (existsSync(stamp) && statSync(stamp).mtimeMs > newest(root, sources[script])) return;
  const startedAt = new Date();
  progress('Building …');
  const { status, stdout, stderr, error } = spawnSync('npm', ['run', '--silent', script], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, WIREIT_LOGGER: 'quiet' },
  });
  if (error) throw new BuildFailed(`npm can't be started: ${error.message}`);
  if (status !== 0) throw new BuildFailed(`the build failed:\n${`${stdout}${stderr}`.trim()}`);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, `${startedAt.toISOString()}\n`);
}

function requireProduct(root) {
  if (!existsSync(join(root, 'dist', 'src', 'replyrank.js')))
    throw new BuildFailed('there is no build in dist/: run "npm ci && npm run build" first');
}

function isInstalled(root, name) {
  try {
    createRequire(join(root, 'package.json')).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** Time of the newest change below `paths`, ms; a folder's own tells of files that are gone. */
function newest(root, paths) {
  let latest = 0;
  const visit = (path) => {
    const stat = statSync(path);
    latest = Math.max(latest, stat.mtimeMs);
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(path)) if (name !== 'node_modules') visit(join(path, name));
  };
  for (const path of paths) if (existsSync(join(root, path))) visit(join(root, path));
  return latest;
}
