import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { forkWorker } from '../../processes/fork-worker.js';
import { threadEnvironment } from '../encoder/encoder-threads.js';
import type { ModelAnswer, ModelReply, ModelRequest } from './model-protocol.js';

/** The process ended before it replied. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied';
}

type Unnumbered<R> = R extends { id: number } ? Omit<R, 'id'> : never;

/** Loading a large model takes longest; a process that is silent for longer hangs, and is killed. */
const requestTimeoutMs = 300_000;

/** A child process and the requests it has not answered yet. */
export class WorkerChannel {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, { resolve: (answer: ModelAnswer) => void; reject: (e: Error) => void }>();
  private nextId = 1;
  private closing = false;

  constructor(workerFile: string, environment: NodeJS.ProcessEnv) {
    // Variables that are set in the environment take precedence.
    this.child = forkWorker(workerFile, {
      environment: { ...threadEnvironment(availableParallelism()), ...environment },
    });
    this.child.on('message', (reply) => this.settle(reply as ModelReply));
    this.onDeath((reason) => {
      for (const { reject } of this.pending.values()) reject(new WorkerDied(reason));
      this.pending.clear();
    });
  }

  get pid(): number | null {
    return this.child.pid ?? null;
  }

  /** `listener` is called once, with a sentence that says how the process ended; not after `close`. */
  onDeath(listener: (reason: string) => void): void {
    this.child.once('exit', (code, signal) => {
      listener(`the model process ended with ${signal ?? `exit code ${code}`}`);
    });
    this.child.once('error', (error) => {
      if (this.child.pid === undefined) listener(`the model process could not be started: ${error.message}`);
    });
  }

  async request(request: Unnumbered<ModelRequest>): Promise<ModelAnswer> {
    if (this.closing || !this.child.connected) throw new WorkerDied('the model process is gone');
    const id = this.nextId++;
    const alarm = setTimeout(() => this.child.kill('SIGKILL'), requestTimeoutMs);
    try {
      return await new Promise<ModelAnswer>((resolve, reject) => {
        this.pending.set(id, { resolve, reject });
        this.child.send({ ...request, id }, (error) => {
          // Only a process that is going has no ear any more; its exit rejects this too.
          if (error) this.child.kill('SIGKILL');
        });
      });
    } finally {
      clearTimeout(alarm);
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined) return;
    const ended = once(this.child, 'exit');
    const alarm = setTimeout(() => this.child.kill('SIGKILL'), 1_000);
    this.child.disconnect();
    await ended;
    clearTimeout(alarm);
  }

  private settle(reply: ModelReply): void {
    const waiting = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if ('error' in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.answer);
  }
}
