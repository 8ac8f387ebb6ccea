/** A thread for the monitor's numeric work, so that it never blocks the process's event loop. */
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { CounterReply, CounterRequest } from './counter-thread.js';
import { buildLabelQueue } from '../labels/label-queue.js';
import { DriftReferenceError } from '../reference/reference-file.js';
import { TicketCounter } from './ticket-counter.js';

// Agents' requests and arriving tickets go first. On Linux a priority belongs to a thread, and 0 is the calling one: the service's
// main thread keeps its priority.
setPriority(0, constants.priority.PRIORITY_LOW);

const counter = new TicketCounter();

async function handle(request: CounterRequest): Promise<unknown> {
  switch (request.kind) {
    case 'count':
      return counter.count(request.request);
    case 'diagnose':
      return counter.diagnose(request.request);
    case 'estimate-class-prior':
      return counter.estimateClassPrior(request.request);
    case 'label-queue':
      return buildLabelQueue(request.tickets, request.max);
    case 'test-windows':
      return counter.testWindows(request.folder, request.samples);
    case 'merge-windows':
      return counter.mergeWindows(request.folder, request.samples);
  }
}

let turn = Promise.resolve();
parentPort?.on('message', (request: CounterRequest) => {
  turn = turn.then(async () => {
    let reply: CounterReply;
    try {
      reply = { result: await handle(request) };
    } catch (error) {
      const isReferenceError = error instanceof DriftReferenceError;
      reply = { error: error instanceof Error ? error.message : String(error), isReferenceError };
    }
    parentPort?.postMessage(reply);
  });
});
