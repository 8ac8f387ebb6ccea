import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { explainMaven } from '../../src/setup/kafka-jars.js';
import { fetchWheel, unpackWheel, type Wheel } from '../../src/setup/wheels.js';

/** pip itself, against a package index of our own that behaves as networks do. */

const file = 'tiny_thing-1.0-py3-none-any.whl';
const page = '<!doctype html><html><body>Please sign in to this network</body></html>';
let folder: string;
let storeDir: string;
let content: Buffer;
let wheel: Wheel;
let server: Server | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replyrank-wheels-'));
  execFileSync('python3', ['-c', makeWheel, join(folder, file)]);
  content = await readFile(join(folder, file));
  const sha256 = createHash('sha256').update(content).digest('hex');
  wheel = { project: 'tiny-thing', version: '1.0', platform: 'any', size: content.length, sha256 };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  storeDir = await mkdtemp(join(folder, 'store-'));
  vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
  vi.stubEnv('PIP_FIND_LINKS', '');
  vi.stubEnv('PIP_RETRIES', '0');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
});

const makeWheel = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    archive.writestr('tiny_thing/lib/one.so', 'x' * 100_000)
    archive.writestr('tiny_thing/data.txt', 'data')
    archive.writestr('tiny_thing-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tiny-thing\\nVersion: 1.0\\n')
    archive.writestr('tiny_thing-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    archive.writestr('tiny_thing-1.0.dist-info/RECORD', '')
`;

/** An index that knows the wheel, and answers the request for it as `answer` does. */
async function anIndex(answer: RequestListener): Promise<void> {
  server = createServer((request, response) => {
    if (request.url?.endsWith('.whl')) {
      answer(request, response);
      return;
    }
    response.setHeader('content-type', 'text/html').end(`<!doctype html><a href="/files/${file}">${file}</a>`);
  });
  await listen(server);
}

async function listen(started: Server): Promise<void> {
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${(started.address() as AddressInfo).port}/simple/`);
}

const fetched = (): Promise<string> => fetchWheel(storeDir, wheel, 'python3');

describe('a wheel', () => {
  test('is fetched, checked, and unpacked file by file', async () => {
    await anIndex((_, response) => response.end(content));
    const path = await fetched();
    const target = join(storeDir, 'out');
    await unpackWheel(path, target, { '*/lib/*.so*': 'lib/', 'tiny_thing/data.txt': 'data' }, 'python3');
    expect((await readFile(join(target, 'lib', 'one.so'))).length).toBe(100_000);
    expect(await readFile(join(target, 'data'), 'utf8')).toBe('data');
  });

  test('that lacks a file is refused', async () => {
    await anIndex((_, response) => response.end(content));
    const unpacked = unpackWheel(await fetched(), join(storeDir, 'out'), { 'gone.txt': 'gone.txt' }, 'python3');
    await expect(unpacked).rejects.toThrow(/not in the archive: gone.txt/);
  });

  test('is not fetched again after an interruption', async () => {
    await anIndex((_, response) => response.end(content));
    const path = await fetched();
    server?.close();
    expect(await fetched()).toBe(path);
  });

  test('in whose place a proxy sends a page is refused, with both hashes and sizes', async () => {
    await anIndex((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length }).end(page),
    );
    await expect(fetched()).rejects.toThrow(
      new RegExp(
        `tiny-thing 1.0 does not match its expected hash: .* instead of .*SHA-256 [0-9a-f]{64}, expected ${wheel.sha256}.*proxy`,
      ),
    );
    expect(await readdir(join(storeDir, 'downloads'))).toEqual([]);
  });

  test('that breaks off half-way is never taken for the whole, and can be fetched afterwards', async () => {
    let broken = true;
    await anIndex((_, response) => {
      if (!broken) return response.end(content);
      response.setHeader('content-length', content.length).write(content.subarray(0, 50_000));
      setTimeout(() => response.destroy(), 50);
    });
    await expect(fetched()).rejects.toThrow(/tiny-thing 1.0/);
    expect(await readdir(join(storeDir, 'downloads'))).toEqual([]);
    broken = false;
    expect(await readFile(await fetched())).toEqual(content);
  });
});

describe('a package index', () => {
  test('that is missing differs from one that refuses', async () => {
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple/');
    await expect(fetched()).rejects.toThrow(/connection to .* failed|does not have/);
    await anIndex((_, response) => {
      response.statusCode = 403;
      response.end();
    });
    await expect(fetched()).rejects.toThrow(/refused to serve tiny-thing 1.0/);
  });

  test('whose list is a page of a proxy is suspected of it', async () => {
    server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
    await listen(server);
    await expect(fetched()).rejects.toThrow(/does not have tiny-thing 1.0.*proxy/);
  });
});

/** What Maven 3.8 said before such repositories. */
describe('Maven', () => {
  const plugin =
    '[ERROR] Plugin org.apache.maven.plugins:maven-dependency-plugin:3.8.1 or one of its dependencies could not be resolved';
  test.each([
    [
      `\u001b[0m${plugin}: Connect to 127.0.0.1:18099 [/127.0.0.1] failed: Connection refused -> [Help 1]`,
      /could not reach/,
    ],
    [
      `${plugin}: repo.maven.apache.org: Name or service not known: Unknown host repo.maven.apache.org`,
      /could not reach/,
    ],
    [`${plugin}: authorization failed for http://127.0.0.1/x.pom, status: 403 Forbidden`, /refused to serve/],
    [
      `${plugin}: proxy authentication failed for http://127.0.0.1/x.pom, status: 407 Proxy Authentication Required`,
      /refused to serve/,
    ],
    [`${plugin}\n[ERROR] [FATAL] Non-parseable POM x.pom: unexpected markup <!d`, /sign-in page/],
    ['[ERROR] java.io.IOException: No space left on device', /disk filled up/],
    ['[0m[ERROR] Something else entirely\n[ERROR] Help', /: Something else entirely$/],
  ])('that fails is explained in one line: %s', (output, words) => {
    expect(explainMaven(output)).toMatch(words);
    expect(explainMaven(output)).not.toContain('\n');
  });
});
