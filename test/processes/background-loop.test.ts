import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BackgroundLoop, type BackgroundLoopOptions } from '../../src/processes/background-loop.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** A loop that notes the time of each run. */
function observedLoop(run: BackgroundLoopOptions['run'], options: Partial<BackgroundLoopOptions> = {}) {
  const start = Date.now();
  const runs: number[] = [];
  const errors: unknown[] = [];
  const loop = new BackgroundLoop({
    run: (signal) => {
      runs.push(Date.now() - start);
      return run(signal);
    },
    onError: (error) => errors.push(error),
    intervalMs: 100,
    ...options,
  });
  return { loop, runs, errors };
}

const done = (): Promise<void> => Promise.resolve();

describe('a background loop', () => {
  test('runs at the start and then at each interval', async () => {
    const { loop, runs } = observedLoop(done);
    loop.start();
    await after(250);
    expect(runs).toEqual([0, 100, 200]);
    await loop.stop();
    await after(1_000);
    expect(runs).toHaveLength(3);
  });

  test('can wait before the first run', async () => {
    const { loop, runs } = observedLoop(done, { startDelayMs: 40 });
    loop.start();
    await after(150);
    expect(runs).toEqual([40, 140]);
    await loop.stop();
  });

  test('runs again without a pause as long as there is more to do', async () => {
    let left = 3;
    const { loop, runs } = observedLoop(() => Promise.resolve((left -= 1) > 0 ? 0 : undefined));
    loop.start();
    await after(100);
    expect(runs).toEqual([0, 0, 0, 100]);
    await loop.stop();
  });

  test('waits as long as a run asks for', async () => {
    const { loop, runs } = observedLoop(() => Promise.resolve(30));
    loop.start();
    await after(70);
    expect(runs).toEqual([0, 30, 60]);
    await loop.stop();
  });

  test('reports an error and waits longer after it', async () => {
    const { loop, runs, errors } = observedLoop(() => Promise.reject<undefined>(new Error('away')), {
      errorDelayMs: 300,
    });
    loop.start();
    await after(310);
    expect(runs).toEqual([0, 300]);
    expect(errors.map(String)).toEqual(['Error: away', 'Error: away']);
    await loop.stop();
  });

  test('runs at once when it is notified', async () => {
    const { loop, runs } = observedLoop(done);
    loop.start();
    await after(10);
    loop.notify();
    await after(0);
    expect(runs).toEqual([0, 10]);
    await loop.stop();
  });

  test('does not lose a notification that comes during a run', async () => {
    const { loop, runs } = observedLoop(() => new Promise<void>((resolve) => setTimeout(resolve, 20)));
    loop.start();
    await after(10);
    loop.notify();
    await after(20);
    expect(runs).toEqual([0, 20]);
    const stopped = loop.stop();
    await after(20);
    await stopped;
  });

  test('never has two runs at once', async () => {
    const { loop, runs } = observedLoop(() => new Promise<void>((resolve) => setTimeout(resolve, 20)));
    loop.start();
    const together = Promise.all([loop.runNow(), loop.runNow()]);
    await after(20);
    await together;
    expect(runs).toEqual([0]);
    await loop.stop();
  });

  test('stops when the run under way has ended, whose signal is aborted', async () => {
    const end = vi.fn();
    const { loop, errors } = observedLoop(
      (signal) =>
        new Promise<void>((_, reject) => {
          signal.addEventListener('abort', () => {
            end();
            reject(new Error('aborted'));
          });
        }),
    );
    loop.start();
    await after(0);
    await loop.stop();
    expect(end).toHaveBeenCalledOnce();
    expect(errors).toEqual([]);
  });

  test('can be started again', async () => {
    const { loop, runs } = observedLoop(done);
    loop.start();
    await after(10);
    await loop.stop();
    loop.start();
    await after(0);
    expect(runs).toEqual([0, 10]);
    await loop.stop();
  });
});
