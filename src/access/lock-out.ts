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
