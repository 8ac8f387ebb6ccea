/** Failed attempts without a lock, for typos */
const freeAttempts = 5;
const minLockMs = 30_000;
const maxLockMs = 15 * 60_000;

/**
 * How long a name is locked after consecutive failed attempts: not at all for the first few, then doubling up to a quarter
 * of an hour. Never permanently, so that no one can lock out someone else for good.
 *
 * @returns milliseconds
 */
export function lockDuration(failedAttempts: number): number {
  const extraAttempts = failedAttempts - freeAttempts;
  return extraAttempts < 0 ? 0 : Math.min(maxLockMs, minLockMs * 2 ** extraAttempts);
}

const maxNames = 10_000;

/**
 * Failed attempts for names that are no user's, counted and locked like those of users: a lock would otherwise tell which names
 * exist. In memory: a restart or another replica starts anew.
 */
export class UnknownNames {
  private readonly attempts = new Map<string, { failed: number; lockedUntil: Date | null }>();

  lockedUntil(name: string): Date | null {
    return this.attempts.get(name.toLowerCase())?.lockedUntil ?? null;
  }

  addFailure(name: string, now: Date): void {
    const key = name.toLowerCase();
    const failed = (this.attempts.get(key)?.failed ?? 0) + 1;
    const lockMs = lockDuration(failed);
    this.attempts.delete(key);
    this.attempts.set(key, { failed, lockedUntil: lockMs > 0 ? new Date(now.getTime() + lockMs) : null });
    const [oldest] = this.attempts.keys();
    if (this.attempts.size > maxNames && oldest !== undefined) this.attempts.delete(oldest);
  }
}
