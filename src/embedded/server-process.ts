/**
 * A server that outlives this process: it runs in its own session, so that neither Ctrl-C in the terminal nor the end of
 * this process stops it. It is found again by its command line, because a pid file may be stale, or by its working directory,
 * because the data folder may have been moved while it runs.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, sendSignal, type ProcessIdentity } from '../processes/process-identity.js';
import { SetupError } from '../setup/setup-error.js';
import type { ServerUser } from '../setup/server-user.js';

const maxLogBytes = 20e6;

export interface ServerCommand {
  file: string;
  args: string[];
  cwd: string;
  /** Output of the server; a large one is rotated to `.1`. */
  logFile: string;
  user?: ServerUser | undefined;
}

/** Starts it without waiting until it is ready. */
export async function startDetached(command: ServerCommand): Promise<ProcessIdentity> {
  if ((statSync(command.logFile, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) {
    renameSync(command.logFile, `${command.logFile}.1`);
  }
  const log = openSync(command.logFile, 'a', 0o600);
  try {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      detached: true,
      stdio: ['ignore', log, log],
      ...command.user,
    });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    const started = child.pid === undefined ? undefined : identify(child.pid);
    if (started) return started;
  } finally {
    closeSync(log);
  }
  throw new SetupError(`${command.file} exited immediately; the end of its log:\n${lastLines(command.logFile)}`);
}

/**
 * Finds processes by their command lines.
 *
 * @param matches gets the words of the command line, split at spaces if the system has it as one string, and the pid
 */
export function findProcesses(matches: (words: string[], pid: number) => boolean): ProcessIdentity[] {
  return commandLines()
    .filter(({ words, pid }) => matches(words, pid))
    .map(({ pid }) => identify(pid))
    .filter((found) => found !== undefined);
}

/** Whether a process has this folder, whatever it was called before, as its working directory; false where that can't be seen. */
export function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
  } catch {
    return false;
  }
}

function commandLines(): { pid: number; words: string[] }[] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-axwwo', 'pid=,command='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/)).map(([pid, ...words]) => ({ pid: Number(pid), words }));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return { pid: Number(name), words: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') };
      } catch {
        return { pid: Number(name), words: [] };
      }
    });
}

/**
 * @throws SetupError with the end of its log if the server exits or takes too long; the signal's reason once it is aborted
 */
export async function waitUntilReady(
  server: { name: string; process: ProcessIdentity; logFile: string; signal?: AbortSignal | undefined },
  isReady: () => Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isReady())) {
    server.signal?.throwIfAborted();
    if (!isAlive(server.process)) {
      throw new SetupError(`${server.name} did not start; the end of ${server.logFile}:\n${lastLines(server.logFile)}`);
    }
    if (Date.now() > deadline) {
      throw new SetupError(`${server.name} was not ready within ${timeoutMs / 1000} s; see ${server.logFile}`);
    }
    await sleep(50);
  }
}

/** Sends one signal after another, waiting after each, until the processes have exited. */
export async function stopProcesses(
  processes: ProcessIdentity[],
  steps: readonly { name: NodeJS.Signals; waitMs: number }[],
): Promise<void> {
  for (const { name, waitMs } of steps) {
    for (const process of processes) sendSignal(process, name);
    const deadline = Date.now() + waitMs;
    while (processes.some(isAlive) && Date.now() < deadline) await sleep(20);
    if (!processes.some(isAlive)) return;
  }
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .slice(-5)
      .map((line) => `  ${line}`)
      .join('\n');
  } catch {
    return '  (no log file)';
  }
}
