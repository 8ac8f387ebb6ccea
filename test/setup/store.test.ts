import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from '../../src/setup/lock.js';
import { identify } from '../../src/processes/process-identity.js';
import { runProgram } from '../../src/setup/program.js';
import { ensureEntry, isComplete, requireHash, type StoreEntry } from '../../src/setup/store.js';

let storeDir: string;
let fills: number;
const silent = (): void => undefined;

beforeEach(async () => {
  storeDir = await mkdtemp(join(tmpdir(), 'replyrank-store-'));
  fills = 0;
});
afterEach(() => rm(storeDir, { recursive: true, force: true }));

function anEntry(overrides: Partial<StoreEntry> = {}): StoreEntry {
  return {
    name: 'thing-1.0',
    title: 'The thing',
    activity: 'downloading',
    bytesNeeded: 100,
    async fill(folder) {
      fills += 1;
      await writeFile(join(folder, 'file.txt'), 'all of it');
    },
    ...overrides,
  };
}

describe('the store', () => {
  test('fetches a thing once, and says the second time that it is there', async () => {
    const lines: string[] = [];
    const folder = await ensureEntry(storeDir, anEntry(), (line) => lines.push(line));
    await ensureEntry(storeDir, anEntry(), (line) => lines.push(line));
    expect(await readFile(join(folder, 'file.txt'), 'utf8')).toBe('all of it');
    expect(fills).toBe(1);
    expect(lines[0]).toBe('The thing: downloading …');
    expect(lines.at(-1)).toBe('The thing: already installed');
  });

  test('never takes what an interrupted set-up left for the whole', async () => {
    await mkdir(join(storeDir, '.thing-1.0.new'));
    await writeFile(join(storeDir, '.thing-1.0.new', 'file.txt'), 'half');
    await mkdir(join(storeDir, 'thing-1.0'));
    await writeFile(join(storeDir, 'thing-1.0', 'file.txt'), 'half');
    const folder = await ensureEntry(storeDir, anEntry(), silent);
    expect(await readFile(join(folder, 'file.txt'), 'utf8')).toBe('all of it');
    expect(await readdir(storeDir)).toEqual(['thing-1.0']);
  });

  test('that is told to stop ends the program that it runs, and leaves nothing behind', async () => {
    const stopping = new AbortController();
    const endless = anEntry({
      async fill(folder, signal) {
        await writeFile(join(folder, 'file.txt'), 'ha');
        const running = runProgram('sleep', ['3600'], { signal });
        stopping.abort();
        await running;
      },
    });
    await expect(ensureEntry(storeDir, endless, silent, stopping.signal)).rejects.toThrow(/abort/i);
    expect(await readdir(storeDir)).toEqual([]);
  });

  test('that is told to stop does not wait for another that is at it', async () => {
    const stopping = new AbortController();
    let release: () => void = () => undefined;
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const slow = anEntry({
      fill: async (folder) => {
        begin();
        await new Promise<void>((resolve) => (release = resolve));
        await writeFile(join(folder, 'file.txt'), 'ha');
      },
    });
    const first = ensureEntry(storeDir, slow, silent);
    await begun;
    const second = ensureEntry(storeDir, slow, () => stopping.abort(), stopping.signal);
    await expect(second).rejects.toThrow(/abort/i);
    release();
    await first;
  });

  test('goes on after a failure, and leaves nothing of it behind', async () => {
    const failing = anEntry({
      async fill(folder) {
        await writeFile(join(folder, 'file.txt'), 'ha');
        throw new Error('the network broke off');
      },
    });
    await expect(ensureEntry(storeDir, failing, silent)).rejects.toThrow('broke off');
    expect(await readdir(storeDir)).toEqual([]);
    await ensureEntry(storeDir, anEntry(), silent);
    expect(await isComplete(join(storeDir, 'thing-1.0'))).toBe(true);
  });

  test('fetches again what the disk has cut short', async () => {
    const folder = await ensureEntry(storeDir, anEntry(), silent);
    await truncate(join(folder, 'file.txt'), 3);
    await ensureEntry(storeDir, anEntry(), silent);
    expect(await readFile(join(folder, 'file.txt'), 'utf8')).toBe('all of it');
  });

  test('lets one of several set-ups at once do the work', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensureEntry(storeDir, anEntry(), silent)));
    expect(fills).toBe(1);
  });

  test('says before it begins that the disk is too small', async () => {
    const huge = anEntry({ bytesNeeded: 1e18 });
    await expect(ensureEntry(storeDir, huge, silent)).rejects.toThrow(/The thing needs .* free .* set STORE_DIR/);
    expect(fills).toBe(0);
  });

  test.each([
    ['ENOSPC', /disk .* is full/],
    ['EACCES', /can't write to/],
  ])('says %s in words', async (code, words) => {
    const failing = anEntry({ fill: () => Promise.reject(Object.assign(new Error(code), { code })) });
    await expect(ensureEntry(storeDir, failing, silent)).rejects.toThrow(words);
  });

  test('says that a file stands where its folder should be', async () => {
    const path = join(storeDir, 'file');
    await writeFile(path, '');
    await expect(ensureEntry(path, anEntry(), silent)).rejects.toThrow(/can't be created: there is a file/);
  });
});

describe('a fetched file', () => {
  const pinned = 'a'.repeat(64);

  test('that is a web page is called one, with its size and hash', async () => {
    const path = join(storeDir, 'x.jar');
    await writeFile(path, '\n<!DOCTYPE html><html><body>Please sign in</body></html>');
    const refusal = requireHash(path, pinned, 'x.jar');
    await expect(refusal).rejects.toThrow(
      /x\.jar does not match .* web page.* a proxy .* \(56 bytes; SHA-256 [0-9a-f]{64}/,
    );
    await expect(refusal).rejects.toThrow(`expected ${pinned}`);
  });

  test('that was cut short is not called a web page', async () => {
    const path = join(storeDir, 'x.jar');
    await writeFile(path, 'PK\x03\x04 and no more');
    await expect(requireHash(path, pinned, 'x.jar')).rejects.toThrow(/modified or truncated/);
  });
});

describe('a lock', () => {
  test('is held by one at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, (inside += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(join(storeDir, 'lock'), work)));
    expect(most).toBe(1);
    expect(await readdir(storeDir)).toEqual([]);
  });

  test('of a process that was killed is taken over', async () => {
    const child = spawn('sleep', ['60']);
    const dead = identify(child.pid ?? 0);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    await writeFile(join(storeDir, 'lock'), JSON.stringify(dead));
    expect(await withLock(join(storeDir, 'lock'), () => Promise.resolve('done'))).toBe('done');
  });
});
