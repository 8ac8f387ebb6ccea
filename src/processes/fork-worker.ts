import { fork, type ChildProcess } from 'node:child_process';

export interface ForkOptions {
  args?: string[];
  environment?: NodeJS.ProcessEnv;
  /** Kills the process */
  signal?: AbortSignal | undefined;
}

/** Starts a compiled worker as a child process. Typed arrays are sent to it and back without a detour over JSON. */
export function forkWorker(file: string, { args = [], environment, signal }: ForkOptions = {}): ChildProcess {
  const child = fork(file, args, {
    serialization: 'advanced',
    ...(environment && { env: environment }),
    // Flags of the parent's own start are not passed on.
    execArgv: ['--enable-source-maps'],
    // Standard output is for figures: what a library prints goes where the log goes.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  child.once('exit', () => signal?.removeEventListener('abort', kill));
  // A signal that is aborted already fires no event.
  if (signal?.aborted) kill();
  return child;
}
