import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SetupError } from './setup-error.js';

/** The user that the embedded PostgreSQL runs as */
export interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root: it then runs as `nobody`.
 *
 * @returns undefined if it can run as the current user
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const row = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  if (row) return { uid: Number(row[1]), gid: Number(row[2]) };
  throw new SetupError(
    'PostgreSQL does not run as root, and there is no user "nobody" to run it as: start as another user, or set DATABASE_URL.',
  );
}

/** Whether a user that owns none of the parent folders can reach `path`. Folders that do not exist yet are created so. */
export function isReachable(path: string): boolean {
  for (let folder = resolve(path); folder !== dirname(folder); folder = dirname(folder)) {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found && (found.mode & 0o001) === 0) return false;
  }
  return true;
}

/**
 * A folder that the unprivileged user can read where root's own folders are closed to it, whatever root's umask is.
 *
 * @param name below /var/lib/replyrank
 */
export function openFolder(name: string): string {
  const base = '/var/lib/replyrank';
  for (const path of [base, join(base, name)]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }
  return join(base, name);
}

/** The store for PostgreSQL's programs: the usual one, unless they run as a user that can't read it. */
export function reachableStore(storeDir: string): string {
  return serverUser() === undefined || isReachable(storeDir) ? storeDir : openFolder('store');
}
