/**
 * A server that outlives us: it is started in a session of its own, so that neither a Ctrl-C in the terminal nor our own
 * death ends it, and is found again by its command line, not by a file that might tell of another life.
 */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, sendSignal, type ProcessIdentity } from '../processes/process-identity.js';
import { SetupError } from '../setup/setup-error.js';
import type { ServerUser } from '../setup/server-user.js';

const largestLog = 20e6;

export interface ServerCommand {
  file: string;
  args: string[];
  cwd: string;
  /** Takes all that the server says; the one before is kept as `.1` when it has grown large. */
  logFile: string;
  user?: ServerUser | undefined;
}

/** Starts it; the caller waits until it answers. */
export async function startDetached(command: ServerCommand): Promise<ProcessIdentity> {
  if ((statSync(command.logFile, { throwIfNoEntry: false })?.size ?? 0) > largestLog) {
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
  throw new SetupError(
    `${command.file} ended as soon as it was started; its last words:\n${lastLines(command.logFile)}`,
  );
}

/**
 * The processes of which `matches` says yes.
 *
 * @param matches gets the words of the command line; where the system keeps them as one string, cut at spaces
 */
export function findProcesses(matches: (words: string[]) => boolean): ProcessIdentity[] {
  return commandLines()
    .filter(({ words }) => matches(words))
    .map(({ pid }) => identify(pid))
    .filter((found) => found !== undefined);
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
 * Waits until `answers` is true.
 *
 * @throws SetupError with its last words if the server dies first or takes too long; the signal's reason once it is aborted
 */
export async function waitUntilReady(
  server: { name: string; process: ProcessIdentity; logFile: string; signal?: AbortSignal | undefined },
  answers: () => Promise<boolean>,
  limitMs: number,
): Promise<void> {
  const limit = Date.now() + limitMs;
  while (!(await answers())) {
    server.signal?.throwIfAborted();
    if (!isAlive(server.process)) {
      throw new SetupError(`${server.name} did not start; the end of ${server.logFile}:\n${lastLines(server.logFile)}`);
    }
    if (Date.now() > limit) {
      throw new SetupError(`${server.name} gave no answer within ${limitMs / 1000} s; see ${server.logFile}`);
    }
    await sleep(50);
  }
}

/** Sends the signals one after another, each with its time, until the processes are gone. */
export async function stopProcesses(
  processes: ProcessIdentity[],
  steps: readonly { name: NodeJS.Signals; waitMs: number }[],
): Promise<void> {
  for (const { name, waitMs } of steps) {
    for (const process of processes) sendSignal(process, name);
    const limit = Date.now() + waitMs;
    while (processes.some(isAlive) && Date.now() < limit) await sleep(20);
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
    return '  (it is not there)';
  }
}
