import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { compiledWorker } from '../../src/processes/compiled-worker.js';
import { forkWorker } from '../../src/processes/fork-worker.js';
import { identify, isAlive } from '../../src/processes/process-identity.js';
import { ThreadTimeout, WorkerThread } from '../../src/processes/worker-thread.js';

const folder = mkdtempSync(join(tmpdir(), 'replyrank-workers-'));
afterAll(() => rmSync(folder, { recursive: true }));

function writeWorker(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, code);
  return file;
}

describe('the compiled file of a worker', () => {
  test('is below dist/ where the sources run as TypeScript', () => {
    const module = new URL('../../src/models/jobs/caller.ts', import.meta.url).href;
    expect(compiledWorker(module, '../serving/model.worker.js')).toMatch(
      /\/dist\/src\/models\/serving\/model\.worker\.js$/,
    );
  });

  test('is beside the caller where that is compiled', () => {
    const module = pathToFileURL('/opt/replyrank/dist/src/models/jobs/caller.js').href;
    expect(compiledWorker(module, './train.worker.js')).toBe('/opt/replyrank/dist/src/models/jobs/train.worker.js');
  });
});

describe('a worker thread', () => {
  const file = writeWorker(
    'thread.mjs',
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', (request) => {
       if (request === 'exit') process.exit();
       if (request !== 'hang') parentPort.postMessage(request * 2);
     });`,
  );

  test('answers one request after another', async () => {
    const thread = new WorkerThread<number | string, number>(file);
    expect(await Promise.all([thread.request(1, 4_000), thread.request(2, 4_000)])).toEqual([2, 4]);
    await thread.stop();
  });

  test('is started again after it ended or was too slow', async () => {
    const thread = new WorkerThread<number | string, number>(file);
    await expect(thread.request('exit', 4_000)).rejects.toThrow('the thread ended');
    await expect(thread.request('hang', 20)).rejects.toBeInstanceOf(ThreadTimeout);
    expect(await thread.request(3, 4_000)).toBe(6);
    await thread.stop();
  });
});

describe('a forked worker', () => {
  const file = writeWorker(
    'child.mjs',
    `process.on('message', (numbers) => process.send(numbers.map((number) => number * 2)));`,
  );

  test('takes and returns typed arrays', async () => {
    const child = forkWorker(file);
    child.send(new Float32Array([1, 2]));
    expect(await once(child, 'message')).toEqual([new Float32Array([2, 4]), undefined]);
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.each(['before', 'after'])('is killed by a signal that is aborted %s its start', async (when) => {
    const stopping = new AbortController();
    if (when === 'before') stopping.abort();
    const child = forkWorker(file, { signal: stopping.signal });
    stopping.abort();
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  });
});

describe('the identity of a process', () => {
  test('tells this process from an earlier one with the same pid', () => {
    const identity = identify(process.pid);
    expect(identity && isAlive(identity)).toBe(true);
    expect(isAlive({ pid: process.pid, started: 'earlier' })).toBe(false);
  });

  test('is undefined if there is no such process', async () => {
    const child = forkWorker(writeWorker('short.mjs', ''));
    await once(child, 'exit');
    expect(identify(child.pid ?? 0)).toBeUndefined();
  });
});
