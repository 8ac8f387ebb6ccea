/** The thread that reads messages: one that hangs or ends it harms no other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RawMessage } from '../../src/ingest/envelope.js';
import type { TicketRead } from '../../src/ingest/message-reader.js';
import { ReaderStartError, ReaderThread } from '../../src/ingest/reader-thread.js';

const folder = mkdtempSync(join(tmpdir(), 'replyrank-reader-'));
const file = join(folder, 'reader.mjs');
writeFileSync(
  file,
  `import { parentPort } from 'node:worker_threads';
   parentPort.on('message', ({ kind, messages }) => {
     const texts = messages.map(({ value }) => new TextDecoder().decode(value));
     if (texts.includes('exit')) process.exit();
     while (texts.includes('hang'));
     parentPort.postMessage(texts.map((text) => ({ kind, text })));
   });`,
);
const limits = { baseTimeoutMs: 300, timeoutMsPerMegabyte: 0 };
const thread = new ReaderThread<TicketRead>('ticket', 'standard', limits, file);
afterAll(async () => {
  await thread.stop();
  rmSync(folder, { recursive: true });
});

const read = (...texts: string[]) => {
  const messages = texts.map((text): RawMessage => ({ key: null, value: Buffer.from(text), headers: {} }));
  return thread.read(messages, 0);
};

test('messages are read in their order', async () => {
  expect(await read('a', 'b', 'c')).toEqual(['a', 'b', 'c'].map((text) => ({ kind: 'ticket', text })));
  expect(await read()).toEqual([]);
});

test.each([
  ['takes longer than its time', 'hang', /no answer within/],
  ['ends the thread', 'exit', /the thread ended/],
])('a message that %s is a dead letter, the others are read', async (_, text, detail) => {
  const results = await read('before', text, 'after');
  expect(results).toEqual([
    { kind: 'ticket', text: 'before' },
    { kind: 'dead-letter', reason: 'too-slow', detail: expect.stringMatching(detail) as string },
    { kind: 'ticket', text: 'after' },
  ]);
  expect(await read('next')).toEqual([{ kind: 'ticket', text: 'next' }]);
});

test('a thread that does not start is no fault of the messages', async () => {
  const broken = new ReaderThread<TicketRead>('ticket', 'standard', limits, join(folder, 'missing.mjs'));
  const message = { key: null, value: Buffer.from('a'), headers: {} };
  await expect(broken.read([message], 0)).rejects.toBeInstanceOf(ReaderStartError);
});

test('the buffer that a value is a view of stays as it is', async () => {
  const response = Buffer.from('one two');
  await thread.read([{ key: null, value: response.subarray(4), headers: {} }], 0);
  expect(response.toString()).toBe('one two');
});
