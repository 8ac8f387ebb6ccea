import { compiledWorker } from '../../processes/compiled-worker.js';
import { WorkerThread } from '../../processes/worker-thread.js';
import type { Finding } from '../observations/finding.js';
import type { Diagnosis } from '../diagnosis/diagnosis.js';
import type { LabelQueue, UnlabelledTicket } from '../labels/label-queue.js';
import type { ClassPriorShift } from '../diagnosis/class-prior.js';
import type { ClassPriorRequest, CountRequest, CountResult, DiagnosisRequest } from './ticket-counter.js';
import { DriftReferenceError } from '../reference/reference-file.js';

export type CounterRequest =
  | { kind: 'count'; request: CountRequest }
  | { kind: 'diagnose'; request: DiagnosisRequest }
  | { kind: 'estimate-class-prior'; request: ClassPriorRequest }
  | { kind: 'label-queue'; tickets: UnlabelledTicket[]; max: number }
  | { kind: 'test-windows' | 'merge-windows'; folder: string; samples: string[] };

export type CounterReply = { result: unknown } | { error: string; isReferenceError: boolean };

/** A thread that does not reply in time is ended. */
const timeoutMs = 120_000;

const workerFile = compiledWorker(import.meta.url, './counter.worker.js');

/** The monitor's thread: one request after another. A thread that dies is started again by the next request. */
export class CounterThread {
  private readonly thread = new WorkerThread<CounterRequest, CounterReply>(workerFile);

  /** @throws DriftReferenceError where the model has no readable reference */
  count(request: CountRequest): Promise<CountResult> {
    return this.send({ kind: 'count', request }) as Promise<CountResult>;
  }

  testWindows(folder: string, samples: string[]): Promise<Finding[]> {
    return this.send({ kind: 'test-windows', folder, samples }) as Promise<Finding[]>;
  }

  mergeWindows(folder: string, samples: string[]): Promise<string> {
    return this.send({ kind: 'merge-windows', folder, samples }) as Promise<string>;
  }

  /** @returns null where the model has no sample of its reference */
  diagnose(request: DiagnosisRequest): Promise<Diagnosis | null> {
    return this.send({ kind: 'diagnose', request }) as Promise<Diagnosis | null>;
  }

  /** @returns null where the labels show no shift, or the model has no sample of its reference */
  estimateClassPrior(request: ClassPriorRequest): Promise<ClassPriorShift | null> {
    return this.send({ kind: 'estimate-class-prior', request }) as Promise<ClassPriorShift | null>;
  }

  buildLabelQueue(tickets: UnlabelledTicket[], max: number): Promise<LabelQueue> {
    return this.send({ kind: 'label-queue', tickets, max }) as Promise<LabelQueue>;
  }

  stop(): Promise<void> {
    return this.thread.stop();
  }

  private async send(request: CounterRequest): Promise<unknown> {
    const reply = await this.thread.request(request, timeoutMs);
    if ('result' in reply) return reply.result;
    throw reply.isReferenceError ? new DriftReferenceError(reply.error) : new Error(reply.error);
  }
}
