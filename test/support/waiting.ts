/** The one way in which tests wait: on a condition, for as long as the test itself may take. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { inject, TestRunner } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Time limit of the project's hooks */
    hookTimeoutMs: number;
  }
}

/** Left of the test's time when a wait gives up, so that its message is what is read, not that of the time-out. */
const reserveMs = 2_000;
const firstPauseMs = 20;
const maxPauseMs = 200;

/**
 * Reads a value again and again until it is accepted; an error while reading counts as not yet.
 *
 * @param what completes "waited for …"
 * @param accepts default: whether the value is truthy
 * @returns the accepted value
 * @throws Error with the last value or error, shortly before the time limit of the test or hook
 */
export async function waitFor<T>(
  what: string,
  read: () => T | Promise<T>,
  accepts: (value: T) => boolean = Boolean,
): Promise<T> {
  const start = Date.now();
  const deadline = deadlineFrom(start);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(maxPauseMs, pauseMs * 1.3)) {
    let seen: string;
    try {
      const value = await read();
      if (accepts(value)) return value;
      seen = inspect(value, { depth: 4, breakLength: 120, maxStringLength: 2_000 });
    } catch (error) {
      seen = String(error);
    }
    if (Date.now() + pauseMs > deadline) {
      const seconds = Math.round((Date.now() - start) / 1000);
      throw new Error(`waited ${seconds} s for ${what}; last seen: ${seen}`);
    }
    await sleep(pauseMs);
  }
}

function deadlineFrom(now: number): number {
  const test = TestRunner.getCurrentTest();
  if (!test) return now + inject('hookTimeoutMs') - reserveMs;
  return (test.result?.startTime ?? now) + test.timeout - reserveMs;
}
