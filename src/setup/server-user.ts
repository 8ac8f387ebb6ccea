import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SetupError } from './setup-error.js';

/** Whom the embedded PostgreSQL runs as. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root. Where we are root, it runs as the user that owns nothing.
 *
 * @returns undefined where it can run as the user that we are
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const row = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  if (row) return { uid: Number(row[1]), gid: Number(row[2]) };
  throw new SetupError(
    'PostgreSQL does not run as root, and there is no user "nobody" to run it as: start as another user, or set DATABASE_URL.',
  );
}

/** Whether a user that owns none of the folders above `path` gets to it. What isn't there yet will be made so. */
export function isReachable(path: string): boolean {
  for (let folder = resolve(path); folder !== dirname(folder); folder = dirname(folder)) {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found && (found.mode & 0o001) === 0) return false;
  }
  return true;
}

/**
 * A folder for what the unprivileged user must reach where root's own are closed to it; open whatever root's umask says.
 *
 * @param name below /var/lib/replyrank
 */
export function openFolder(name: string): string {
  const ground = '/var/lib/replyrank';
  for (const path of [ground, join(ground, name)]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }
  return join(ground, name);
}

/** The store for PostgreSQL's programs: the usual one, unless they have to run as a user that can't get there. */
export function reachableStore(storeDir: string): string {
  return serverUser() === undefined || isReachable(storeDir) ? storeDir : openFolder('store');
}
