/** A thread for the monitor's numeric work, so that it never blocks the process's event loop. */
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import type { CounterReply, CounterRequest } from './counter-thread.js';
import { labelQueue } from '../labels/label-queue.js';
import { ReferenceError } from '../reference/reference-file.js';
import { TicketCounter } from './ticket-counter.js';

// Agents who wait for an answer and tickets that arrive go first. On Linux a priority belongs to a thread, and 0 names the one
// that asks: the service's own thread keeps its priority.
setPriority(0, constants.priority.PRIORITY_LOW);

const counter = new TicketCounter();

async function answer(request: CounterRequest): Promise<unknown> {
  switch (request.kind) {
    case 'count':
      return counter.count(request.order);
    case 'explain':
      return counter.explain(request.order);
    case 'mix':
      return counter.mix(request.order);
    case 'queue':
      return labelQueue(request.tickets, request.most);
    case 'test':
      return counter.test(request.folder, request.windows);
    case 'merge':
      return counter.merge(request.folder, request.windows);
  }
}

let turn = Promise.resolve();
parentPort?.on('message', (request: CounterRequest) => {
  turn = turn.then(async () => {
    let reply: CounterReply;
    try {
      reply = { answer: await answer(request) };
    } catch (error) {
      const isMissing = error instanceof ReferenceError;
      reply = { error: error instanceof Error ? error.message : String(error), isMissing };
    }
    parentPort?.postMessage(reply);
  });
});
