import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { requireTools, type Tool } from '../../src/setup/prerequisites.js';
import { isReachable } from '../../src/setup/server-user.js';
import { setUp } from '../../src/setup/setup.js';
import { chooseFlavour } from '../../src/setup/tensorflow.js';

let bin: string;

beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'replyrank-bin-'));
  vi.stubEnv('PATH', bin);
  vi.stubEnv('JAVA_HOME', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(bin, { recursive: true, force: true });
});

async function aProgram(name: string, says: string): Promise<void> {
  await symlink('/bin/sh', join(bin, 'sh')).catch(() => undefined);
  await writeFile(join(bin, name), `#!/bin/sh\n${says}\n`);
  await chmod(join(bin, name), 0o755);
}

const needing = (...tools: Tool[]) => requireTools(new Set(tools));

describe('a machine that lacks something', () => {
  test('is told of everything at once, with what to install', async () => {
    const refusal = needing('python', 'compiler', 'java', 'maven');
    await expect(refusal).rejects.toThrow(/apt install python3 python3-pip/);
    await expect(refusal).rejects.toThrow(/apt install g\+\+/);
    await expect(refusal).rejects.toThrow(/apt install openjdk-17-jre-headless.*KAFKA_BROKERS/);
    await expect(refusal).rejects.toThrow(/apt install maven/);
  });

  test('with a Java that is too old is told which it has', async () => {
    await aProgram('java', `echo 'openjdk version "11.0.2" 2019-01-15' >&2`);
    await expect(needing('java')).rejects.toThrow(/Java 17 or newer.*is Java 11/);
  });

  test('with a Python that has no pip is told so', async () => {
    await aProgram('python3', 'echo True; exit 1');
    await expect(needing('python')).rejects.toThrow(/python3 has no pip/);
  });

  test('is asked for nothing that its start will not use', async () => {
    await aProgram('java', `echo 'openjdk version "21.0.1" 2023-10-17' >&2`);
    expect((await needing('java')).java).toBe(join(bin, 'java'));
    const options = { storeDir: join(bin, 'store'), tensorflow: 'cpu', encoderDir: bin } as const;
    const refusal = setUp({ ...options, kafka: false, postgres: false }, () => undefined);
    await expect(refusal).rejects.toThrow(/C\+\+ compiler/);
    await expect(refusal).rejects.not.toThrow(/Java|Maven/);
  });
});

describe('the flavour of TensorFlow', () => {
  test('follows the driver, unless one is named', () => {
    expect(chooseFlavour('auto', false)).toBe('cpu');
    expect(chooseFlavour('cpu', true)).toBe('cpu');
    expect(chooseFlavour('auto', true)).toBe(process.arch === 'x64' ? 'gpu' : 'cpu');
  });

  test('is never the CPU in silence where a GPU is asked for', () => {
    expect(() => chooseFlavour('gpu', false)).toThrow(/TENSORFLOW=gpu: no NVIDIA driver.*TENSORFLOW=cpu/);
  });
});

describe("root's unprivileged server", () => {
  test('reaches only what lies in open folders', async () => {
    const closed = join(bin, 'closed');
    await chmod(bin, 0o755);
    await mkdir(closed, { mode: 0o700 });
    expect(isReachable(bin)).toBe(true);
    expect(isReachable(join(closed, 'data'))).toBe(false);
  });
});
