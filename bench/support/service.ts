/**
 * What the benchmarks share: a real broker and database of their own, a trained model, and the service as a process of
 * its own that can be killed and started again.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '../../..');
export const cli = join(root, 'bin', 'replyrank.js');

/** State that the benchmarks keep between runs: the sample's database with its trained model. */
export const benchDir = join(tmpdir(), 'replyrank-bench');

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Trains the sample's model in `benchDir` if that has not been done, by the main job itself. */
export function prepareSample(): void {
  mkdirSync(benchDir, { recursive: true });
  // Afterwards the database holds the benchmarks' own tickets, with which the sample does not mix.
  const done = join(benchDir, 'sample-is-there');
  if (existsSync(done)) return;
  say('bench: the sample and its model');
  execFileSync(process.execPath, [cli, 'start', '--once', '--tickets', '10', '--json'], {
    env: { ...process.env, DATA_DIR: benchDir, PORT: '0' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(done, '');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The service as a child process; its log goes to a file in `benchDir`. */
export class ServiceProcess {
  private child: ChildProcess | undefined;

  constructor(
    readonly port: number,
    private readonly environment: Record<string, string>,
  ) {}

  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error('the service is not running');
    return pid;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it and returns once it says that it is ready. */
  async start(): Promise<void> {
    const log = openSync(join(benchDir, `service-${this.port}.log`), 'a');
    this.child = spawn(process.execPath, [cli, 'serve'], {
      env: { ...process.env, DATA_DIR: benchDir, ...this.environment, PORT: String(this.port) },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    await until(`the service on port ${this.port} to be ready`, 120_000, async () => {
      if (this.child?.exitCode !== null) throw new Error(`the service ended; see ${benchDir}/service-${this.port}.log`);
      const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      return answer?.status === 200;
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Process ids of its children that run `script`. */
  childrenRunning(script: string): number[] {
    const table = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
    return table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, parent, ...words]) => Number(parent) === this.pid && words.join(' ').includes(script))
      .map(([pid]) => Number(pid));
  }
}

/** Waits until `check` answers true. @throws Error saying what was waited for after `limitMs` */
export async function until(what: string, limitMs: number, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    await sleep(200);
  }
}

/** Resident memory in MB of a process. */
export function residentMb(pid: number): number {
  return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024);
}
