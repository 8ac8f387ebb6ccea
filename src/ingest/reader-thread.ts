import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { dead, type RawMessage } from './envelope.js';
import type { TicketRead } from './message-reader.js';

export interface ReadRequest {
  value: Uint8Array;
  headers: Record<string, string>;
  /** ms since 1970 */
  now: number;
}

/** Of a message of no size; a longer one gets more. No real text needs a tenth of it, so a pattern that runs wild ends. */
const baseLimitMs = 10_000;
const limitMsPerMegabyte = 4_000;
/** A thread that was killed from outside deserves another try; a message that kills it twice does not. */
const mostTries = 2;

/** Reads large ticket messages in a thread of their own, one after another. It is started when the first one comes. */
export class ReaderThread {
  private worker: Worker | null = null;
  private last: Promise<unknown> = Promise.resolve();

  /** Never rejects: a message that takes too long or ends the thread becomes a dead letter. */
  read(message: RawMessage, now: number): Promise<TicketRead> {
    const turn = this.last.then(() => this.readInTurn(message, now));
    this.last = turn;
    return turn;
  }

  async stop(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
  }

  private async readInTurn({ value, headers }: RawMessage, now: number): Promise<TicketRead> {
    const bytes = value ?? Buffer.alloc(0);
    const limitMs = Math.ceil(baseLimitMs + (limitMsPerMegabyte * bytes.length) / 2 ** 20);
    let problem = '';
    for (let attempt = 1; attempt <= mostTries; attempt += 1) {
      const worker = (this.worker ??= new Worker(workerFile()));
      // Without this a thread that waits for work would keep the process from ending.
      worker.unref();
      const settled = new AbortController();
      const signal = AbortSignal.any([AbortSignal.timeout(limitMs), settled.signal]);
      try {
        const ended = once(worker, 'exit', { signal }).then(() => Promise.reject(new Error('the thread ended')));
        const answered = once(worker, 'message', { signal });
        worker.postMessage({ value: bytes, headers, now } satisfies ReadRequest);
        const [read] = (await Promise.race([answered, ended])) as [TicketRead];
        return read;
      } catch (error) {
        problem = signal.aborted ? `took more than ${Math.round(limitMs / 1000)} s` : String(error);
        await this.stop();
      } finally {
        settled.abort();
      }
    }
    return dead('too-slow', `the message of ${bytes.length} bytes could not be read: ${problem}`);
  }
}

/** Threads run compiled code; where the sources are run as they are, as in tests, it lies in dist/. */
function workerFile(): URL {
  const here = new URL('message-reader.worker.js', import.meta.url);
  return import.meta.url.endsWith('.ts') ? new URL(here.href.replace(/\/src\/ingest\//, '/dist/src/ingest/')) : here;
}
