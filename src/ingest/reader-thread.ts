import { compiledWorker } from '../processes/compiled-worker.js';
import { ThreadTimeout, WorkerThread } from '../processes/worker-thread.js';
import { reject, type RawMessage, type Rejection } from './envelope.js';
import type { RedactionLevel } from '../redaction/redaction.js';
import type { ChoiceRead, TicketRead } from './message-reader.js';

export interface ReadRequest {
  kind: 'ticket' | 'choice';
  messages: (Pick<RawMessage, 'headers' | 'unreadable'> & { value: Uint8Array | null })[];
  /** ms since 1970 */
  now: number;
  level: RedactionLevel;
}

export interface ReaderLimits {
  /** Time limit of an empty message. Real text needs less than a tenth of it: it ends runaway patterns. */
  baseTimeoutMs: number;
  /** A longer message gets more time. */
  timeoutMsPerMegabyte: number;
}

/** Starting takes a second; a busy machine may need longer, which is no fault of a message. */
const startTimeoutMs = 60_000;
const defaultLimits: ReaderLimits = { baseTimeoutMs: 10_000, timeoutMsPerMegabyte: 3_000 };
/** A thread that was killed from outside deserves another attempt; a message that kills it twice does not. */
const maxAttempts = 2;

/** The thread can't be started: temporary, or the installation is broken; no message is the cause. */
export class ReaderStartError extends Error {
  override readonly name = 'ReaderStartError';
}

/**
 * Decodes, validates and redacts messages in a thread of its own, so that none of them blocks the event loop. Each message has
 * one time limit for everything that is done with it. Requests are answered one after another.
 */
export class ReaderThread<Read extends TicketRead | ChoiceRead> {
  private readonly thread: WorkerThread<ReadRequest, Read[]>;
  private isStarted = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly kind: ReadRequest['kind'],
    private readonly level: RedactionLevel,
    private readonly limits: ReaderLimits = defaultLimits,
    workerFile = compiledWorker(import.meta.url, './message-reader.worker.js'),
  ) {
    this.thread = new WorkerThread(workerFile);
  }

  /**
   * Waits its turn. A message that takes too long or ends the thread becomes a dead letter, and the thread is replaced.
   *
   * @param now ms since 1970
   * @returns one result per message, in their order
   * @throws ReaderStartError
   */
  read(messages: RawMessage[], now: number): Promise<(Read | Rejection)[]> {
    const turn = this.last.catch(() => undefined).then(() => this.readAll(messages, now));
    this.last = turn;
    return turn;
  }

  stop(): Promise<void> {
    return this.thread.stop();
  }

  private async readAll(messages: RawMessage[], now: number): Promise<(Read | Rejection)[]> {
    if (messages.length > 1) {
      try {
        return await this.request(messages, now);
      } catch (error) {
        // One of them took too long or ended the thread.
        if (error instanceof ReaderStartError) throw error;
      }
    }
    const results: (Read | Rejection)[] = [];
    for (const message of messages) results.push(await this.readSingle(message, now));
    return results;
  }

  private async readSingle(message: RawMessage, now: number): Promise<Read | Rejection> {
    let problem = '';
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      try {
        const [result] = await this.request([message], now);
        if (result !== undefined) return result;
      } catch (error) {
        if (error instanceof ReaderStartError) throw error;
        problem = error instanceof Error ? error.message : String(error);
        if (error instanceof ThreadTimeout) break;
      }
    }
    const bytes = message.value?.length ?? 0;
    return reject('too-slow', `the message of ${bytes} bytes could not be read: ${problem}`);
  }

  /** All of them have the time of one message: normal ones need a fraction. */
  private async request(messages: RawMessage[], now: number): Promise<Read[]> {
    await this.start();
    const { baseTimeoutMs, timeoutMsPerMegabyte } = this.limits;
    // Copies: a value is a view of a whole response of the broker, which would be cloned with it.
    const copies = messages.map(({ value, headers, unreadable }) => ({
      value: value && !unreadable ? new Uint8Array(value) : null,
      headers,
      unreadable,
    }));
    const bytes = messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    const timeoutMs = Math.ceil(baseTimeoutMs + (timeoutMsPerMegabyte * bytes) / 2 ** 20);
    const buffers = copies.flatMap(({ value }) => (value ? [value.buffer] : []));
    try {
      return await this.thread.request(
        { kind: this.kind, messages: copies, now, level: this.level },
        timeoutMs,
        buffers,
      );
    } catch (error) {
      this.isStarted = false;
      throw error;
    }
  }

  /** A message's time begins once the thread answers. */
  private async start(): Promise<void> {
    if (this.isStarted) return;
    await this.thread
      .request({ kind: this.kind, messages: [], now: 0, level: this.level }, startTimeoutMs)
      .catch((cause: unknown) => {
        throw new ReaderStartError(`the thread that reads messages does not start: ${String(cause)}`, { cause });
      });
    this.isStarted = true;
  }
}
