import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** The thread did not answer in time and was terminated. */
export class ThreadTimeout extends Error {
  override readonly name = 'ThreadTimeout';
}

/**
 * A thread that answers one request at a time. It is started by the first request, and again after it ended. It keeps no
 * process from exiting.
 */
export class WorkerThread<Request, Reply> {
  private worker: Worker | null = null;
  private last: Promise<unknown> = Promise.resolve();

  /** @param file compiled; it posts one message for each that it gets */
  constructor(private readonly file: string) {}

  /**
   * Waits its turn. A thread that fails to answer is terminated.
   *
   * @param transfer buffers of the request that are moved to the thread, not copied
   * @throws ThreadTimeout
   * @throws Error if the thread ended
   */
  request(request: Request, timeoutMs: number, transfer: ArrayBuffer[] = []): Promise<Reply> {
    const turn = this.last.catch(() => undefined).then(() => this.ask(request, timeoutMs, transfer));
    this.last = turn;
    return turn;
  }

  async stop(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
  }

  private async ask(request: Request, timeoutMs: number, transfer: ArrayBuffer[]): Promise<Reply> {
    const worker = (this.worker ??= new Worker(this.file));
    worker.unref();
    const settled = new AbortController();
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([timeout, settled.signal]);
    try {
      const ended = once(worker, 'exit', { signal }).then(() => Promise.reject(new Error('the thread ended')));
      const answered = once(worker, 'message', { signal });
      worker.postMessage(request, transfer);
      const [reply] = (await Promise.race([answered, ended])) as [Reply];
      return reply;
    } catch (error) {
      await this.stop();
      throw timeout.aborted ? new ThreadTimeout(`no answer within ${Math.round(timeoutMs / 1000)} s`) : error;
    } finally {
      settled.abort();
    }
  }
}
