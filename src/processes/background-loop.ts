/** A task that is repeated in the background until it is stopped. */

export interface BackgroundLoopOptions {
  /**
   * One run. Runs never overlap.
   *
   * @param signal aborted once the loop is being stopped
   * @returns the pause before the next run in ms: 0 if there may be more to do; nothing for `intervalMs`
   */
  run: (signal: AbortSignal) => Promise<number | undefined> | Promise<void>;
  /** Called when a run fails, unless the loop is being stopped. The next run follows after `errorDelayMs`. */
  onError: (error: unknown) => void;
  intervalMs: number;
  /** Default: `intervalMs` */
  errorDelayMs?: number;
  /** Pause before the first run; default 0 */
  startDelayMs?: number;
}

/**
 * @example
 * const loop = new BackgroundLoop({ run: sendDue, onError: log, intervalMs: 2_000 });
 * loop.start();
 * loop.notify(); // there is something to do: the pause ends
 * await loop.stop();
 */
export class BackgroundLoop {
  private stopping = new AbortController();
  private looping: Promise<void> = Promise.resolve();
  private running: Promise<number> | null = null;
  private isNotified = false;
  private endPause: () => void = () => undefined;

  constructor(private readonly options: BackgroundLoopOptions) {}

  start(): void {
    this.stopping = new AbortController();
    this.looping = this.repeat(this.stopping.signal);
  }

  /** Ends the pause. During a run: the next one follows without a pause. */
  notify(): void {
    this.isNotified = true;
    this.endPause();
  }

  /** Aborts the signal of the run under way and waits until it has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.endPause();
    await this.looping;
    await this.running;
  }

  /** Runs now, or waits for the run under way. Never rejects. */
  async runNow(): Promise<void> {
    await this.runOnce();
  }

  private async repeat(signal: AbortSignal): Promise<void> {
    await this.pause(this.options.startDelayMs ?? 0);
    while (!signal.aborted) {
      this.isNotified = false;
      await this.pause(await this.runOnce());
    }
  }

  /** @returns the pause before the next run */
  private runOnce(): Promise<number> {
    this.running ??= this.attempt().finally(() => (this.running = null));
    return this.running;
  }

  private async attempt(): Promise<number> {
    const { run, onError, intervalMs, errorDelayMs = intervalMs } = this.options;
    const { signal } = this.stopping;
    try {
      const pauseMs = await run(signal);
      return typeof pauseMs === 'number' ? pauseMs : intervalMs;
    } catch (error) {
      if (!signal.aborted) onError(error);
      return errorDelayMs;
    }
  }

  /** Its timer keeps no process from exiting. */
  private pause(ms: number): Promise<void> {
    if (ms === 0 || this.isNotified || this.stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
