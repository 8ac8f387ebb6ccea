import { compiledWorker } from '../processes/compiled-worker.js';
import { ThreadTimeout, WorkerThread } from '../processes/worker-thread.js';
import { reject, type RawMessage } from './envelope.js';
import type { TicketRead } from './message-reader.js';

export interface ReadRequest {
  value: Uint8Array;
  headers: Record<string, string>;
  /** ms since 1970 */
  now: number;
}

/** Time limit of an empty message; a longer one gets more. Real text needs less than a tenth of it: it ends runaway patterns. */
const baseTimeoutMs = 10_000;
const timeoutMsPerMegabyte = 4_000;
/** A thread that was killed from outside deserves another attempt; a message that kills it twice does not. */
const maxAttempts = 2;

/** Reads large ticket messages in a separate thread, one after another. */
export class ReaderThread {
  private readonly thread = new WorkerThread<ReadRequest, TicketRead>(
    compiledWorker(import.meta.url, './message-reader.worker.js'),
  );

  /** Never rejects: a message that takes too long or ends the thread becomes a dead letter. */
  async read({ value, headers }: RawMessage, now: number): Promise<TicketRead> {
    const bytes = value ?? Buffer.alloc(0);
    const timeoutMs = Math.ceil(baseTimeoutMs + (timeoutMsPerMegabyte * bytes.length) / 2 ** 20);
    let problem = '';
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      try {
        return await this.thread.request({ value: bytes, headers, now }, timeoutMs);
      } catch (error) {
        problem =
          error instanceof ThreadTimeout ? `it took more than ${Math.round(timeoutMs / 1000)} s` : String(error);
      }
    }
    return reject('too-slow', `the message of ${bytes.length} bytes could not be read: ${problem}`);
  }

  stop(): Promise<void> {
    return this.thread.stop();
  }
}
