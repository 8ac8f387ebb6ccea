/**
 * Shared by the benches: a broker, a database and a trained model of their own, and the service as a child process that can be
 * killed and restarted.
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

/** State kept between runs: the sample's database with its trained model. */
export const benchDir = join(tmpdir(), 'replyrank-bench');

export const log = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs the main job in `benchDir` once, for the sample and its model. */
export function prepareSample(): void {
  mkdirSync(benchDir, { recursive: true });
  const done = join(benchDir, 'sample-is-there');
  if (existsSync(done)) return;
  log('bench: preparing the sample and its model');
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

  /** Starts the service and waits until it is ready. */
  async start(): Promise<void> {
    const log = openSync(join(benchDir, `service-${this.port}.log`), 'a');
    this.child = spawn(process.execPath, [cli, 'serve'], {
      env: { ...process.env, DATA_DIR: benchDir, ...this.environment, PORT: String(this.port) },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    await waitFor(`the service on port ${this.port} to be ready`, 120_000, async () => {
      if (this.child?.exitCode !== null)
        throw new Error(`the service exited; see ${benchDir}/service-${this.port}.log`);
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

  /** Process ids of the service's children that run `script`. */
  childrenRunning(script: string): number[] {
    const table = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
    return table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, parent, ...words]) => Number(parent) === this.pid && words.join(' ').includes(script))
      .map(([pid]) => Number(pid));
  }
}

/** Polls `check` until it returns true. @throws Error after `limitMs` */
export async function waitFor(what: string, limitMs: number, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`timed out after ${limitMs / 1000} s, waiting for ${what}`);
    await sleep(200);
  }
}

/** Resident memory of a process, MB. */
export function residentMb(pid: number): number {
  return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024);
}
