/** Thread that reads messages, so that decoding and redacting them never blocks the event loop. */
import { parentPort } from 'node:worker_threads';
import { readChoice, readTicket } from './message-reader.js';
import type { ReadRequest } from './reader-thread.js';

parentPort?.on('message', ({ kind, messages, now, level }: ReadRequest) => {
  const results = messages.map(({ value, ...message }) => {
    const raw = { ...message, key: null, value: value && Buffer.from(value.buffer) };
    return kind === 'ticket' ? readTicket(raw, now, level) : readChoice(raw);
  });
  parentPort?.postMessage(results);
});
