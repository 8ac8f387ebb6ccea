/** Thread that reads large messages, so that decoding and redacting them never blocks the event loop. */
import { parentPort } from 'node:worker_threads';
import { readTicket } from './message-reader.js';
import type { ReadRequest } from './reader-thread.js';

parentPort?.on('message', ({ value, headers, now }: ReadRequest) => {
  parentPort?.postMessage(readTicket({ key: null, value: Buffer.from(value), headers }, now));
});
