/** How many wrong passwords are free: people mistype. */
const freeAttempts = 5;
const firstLockMs = 30_000;
const longestLockMs = 15 * 60_000;

/**
 * How long a name is locked after so many wrong passwords in a row: not at all for the first few, then doubling up to a
 * quarter of an hour. Never for good: else anybody could lock out anybody.
 *
 * @returns milliseconds
 */
export function lockAfter(failedAttempts: number): number {
  const beyond = failedAttempts - freeAttempts;
  return beyond < 0 ? 0 : Math.min(longestLockMs, firstLockMs * 2 ** beyond);
}
