import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Finding } from '../observations/finding.js';
import type { Evidence } from '../diagnosis/evidence.js';
import type { LabelQueue, UnlabelledTicket } from '../labels/label-queue.js';
import type { LabelledMix } from '../diagnosis/labelled-mix.js';
import type { Counted, CountOrder, ExplainOrder, MixOrder } from './ticket-counter.js';

export type CounterRequest =
  | { kind: 'count'; order: CountOrder }
  | { kind: 'explain'; order: ExplainOrder }
  | { kind: 'mix'; order: MixOrder }
  | { kind: 'queue'; tickets: UnlabelledTicket[]; most: number }
  | { kind: 'test' | 'merge'; folder: string; windows: string[] };

export type CounterReply = { answer: unknown } | { error: string; isMissing: boolean };

/** The model has no reference, so its tickets can't be watched; the message says what to do. */
export class NoReference extends Error {
  override readonly name = 'NoReference';
}

/** A thread that is silent for longer hangs, and is ended. */
const longestMs = 120_000;

/** The monitor's thread: one order after another. A thread that dies is started anew by the next order. */
export class CounterThread {
  private worker: Worker | null = null;
  private last: Promise<unknown> = Promise.resolve();

  /** @throws NoReference */
  count(order: CountOrder): Promise<Counted> {
    return this.ask({ kind: 'count', order }) as Promise<Counted>;
  }

  test(folder: string, windows: string[]): Promise<Finding[]> {
    return this.ask({ kind: 'test', folder, windows }) as Promise<Finding[]>;
  }

  merge(folder: string, windows: string[]): Promise<string> {
    return this.ask({ kind: 'merge', folder, windows }) as Promise<string>;
  }

  /** @returns null where the model has no sample of its reference */
  explain(order: ExplainOrder): Promise<Evidence | null> {
    return this.ask({ kind: 'explain', order }) as Promise<Evidence | null>;
  }

  /** @returns null where the labels say of no change, or the model has no sample of its reference */
  mix(order: MixOrder): Promise<LabelledMix | null> {
    return this.ask({ kind: 'mix', order }) as Promise<LabelledMix | null>;
  }

  queue(tickets: UnlabelledTicket[], most: number): Promise<LabelQueue> {
    return this.ask({ kind: 'queue', tickets, most }) as Promise<LabelQueue>;
  }

  async stop(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
  }

  private ask(request: CounterRequest): Promise<unknown> {
    const turn = this.last.catch(() => undefined).then(() => this.askInTurn(request));
    this.last = turn;
    return turn;
  }

  private async askInTurn(request: CounterRequest): Promise<unknown> {
    const worker = (this.worker ??= new Worker(workerFile()));
    // Without this a thread that waits for work would keep the process from ending.
    worker.unref();
    const settled = new AbortController();
    const signal = AbortSignal.any([AbortSignal.timeout(longestMs), settled.signal]);
    let reply: CounterReply;
    try {
      const ended = once(worker, 'exit', { signal }).then(() => Promise.reject(new Error('the thread ended')));
      const answered = once(worker, 'message', { signal });
      worker.postMessage(request);
      [reply] = (await Promise.race([answered, ended])) as [CounterReply];
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      settled.abort();
    }
    if ('answer' in reply) return reply.answer;
    throw reply.isMissing ? new NoReference(reply.error) : new Error(reply.error);
  }
}

/** Threads run compiled code; where the sources are run as they are, as in tests, it lies in dist/. */
function workerFile(): URL {
  const here = new URL('counter.worker.js', import.meta.url);
  return import.meta.url.endsWith('.ts')
    ? new URL(here.href.replace(/\/src\/monitoring\/runner\//, '/dist/src/monitoring/runner/'))
    : here;
}
