/** The service as a process of its own, as `serve` starts it, so that it can be killed like one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { childEnvironment, type ServiceConfig } from '../../src/config/config.js';
import { waitFor } from './waiting.js';

export interface ServiceProcess {
  pid: number;
  url: string;
  /** All that it has written so far. */
  output: () => string;
  kill: () => Promise<void>;
  /** As a supervisor does. @returns the exit code */
  stop: () => Promise<number | null>;
}

/** Not bin/replyrank.js, which would build what has changed while other tests run */
const program = fileURLToPath(new URL('../../dist/src/replyrank.js', import.meta.url));
const shared = [
  'MODEL_DIR',
  'DATABASE_URL',
  'KAFKA_GROUP',
  'TOPIC_TICKETS',
  'TOPIC_CHOICES',
  'TOPIC_SUGGESTIONS',
  'TOPIC_TICKETS_DLQ',
  'TOPIC_CHOICES_DLQ',
] as const;

/** Starts a replica that logs everything, and waits until it listens. */
export async function serviceProcess(config: ServiceConfig): Promise<ServiceProcess> {
  // A program of its own: threads would inherit the flags of --eval, and not start.
  const child = spawn(process.execPath, [program, 'serve'], {
    env: childEnvironment({
      ...Object.fromEntries(shared.map((name) => [name, config[name]])),
      KAFKA_BROKERS: config.KAFKA_BROKERS.join(','),
      TENSORFLOW: 'cpu',
      PORT: '0',
      LOG_LEVEL: 'trace',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const listening = /listens on (\S+)/;
  const [, url] =
    (await waitFor(
      'the service to listen',
      () => listening.exec(written) ?? (isOver() ? ([] as string[]) : null),
      (found) => found !== null,
    )) ?? [];
  if (url === undefined) throw new Error(`the service did not start:\n${written}`);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!isOver()) child.kill(signal);
    const [code] = await ended;
    return code;
  };
  return {
    pid: child.pid ?? 0,
    url,
    output: () => written,
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}
