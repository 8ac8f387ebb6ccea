import { compiledWorker } from '../../processes/compiled-worker.js';
import { WorkerThread } from '../../processes/worker-thread.js';
import type { Finding } from '../observations/finding.js';
import type { Diagnosis } from '../diagnosis/diagnosis.js';
import type { LabelQueue, UnlabelledTicket } from '../labels/label-queue.js';
import type { ClassPriorShift } from '../diagnosis/class-prior.js';
import type { CountResult, CountRequest, DiagnosisRequest, ClassPriorRequest } from './ticket-counter.js';

export type CounterRequest =
  | { kind: 'count'; order: CountRequest }
  | { kind: 'explain'; order: DiagnosisRequest }
  | { kind: 'mix'; order: ClassPriorRequest }
  | { kind: 'queue'; tickets: UnlabelledTicket[]; most: number }
  | { kind: 'test' | 'merge'; folder: string; windows: string[] };

export type CounterReply = { answer: unknown } | { error: string; isMissing: boolean };

/** The model has no reference, so its tickets can't be watched; the message says what to do. */
export class NoReference extends Error {
  override readonly name = 'NoReference';
}

/** A thread that is silent for longer hangs, and is ended. */
const timeoutMs = 120_000;

const workerFile = compiledWorker(import.meta.url, './counter.worker.js');

/** The monitor's thread: one order after another. A thread that dies is started anew by the next order. */
export class CounterThread {
  private readonly thread = new WorkerThread<CounterRequest, CounterReply>(workerFile);

  /** @throws NoReference */
  count(order: CountRequest): Promise<CountResult> {
    return this.ask({ kind: 'count', order }) as Promise<CountResult>;
  }

  testWindows(folder: string, windows: string[]): Promise<Finding[]> {
    return this.ask({ kind: 'test', folder, windows }) as Promise<Finding[]>;
  }

  mergeWindows(folder: string, windows: string[]): Promise<string> {
    return this.ask({ kind: 'merge', folder, windows }) as Promise<string>;
  }

  /** @returns null where the model has no sample of its reference */
  diagnose(order: DiagnosisRequest): Promise<Diagnosis | null> {
    return this.ask({ kind: 'explain', order }) as Promise<Diagnosis | null>;
  }

  /** @returns null where the labels say of no change, or the model has no sample of its reference */
  estimateClassPrior(order: ClassPriorRequest): Promise<ClassPriorShift | null> {
    return this.ask({ kind: 'mix', order }) as Promise<ClassPriorShift | null>;
  }

  buildLabelQueue(tickets: UnlabelledTicket[], most: number): Promise<LabelQueue> {
    return this.ask({ kind: 'queue', tickets, most }) as Promise<LabelQueue>;
  }

  stop(): Promise<void> {
    return this.thread.stop();
  }

  private async ask(request: CounterRequest): Promise<unknown> {
    const reply = await this.thread.request(request, timeoutMs);
    if ('answer' in reply) return reply.answer;
    throw reply.isMissing ? new NoReference(reply.error) : new Error(reply.error);
  }
}
