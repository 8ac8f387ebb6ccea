import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SetupError } from '../setup/setup-error.js';

/** Below the range of outgoing connections, which could take the port while a server restarts */
const minPort = 15_000;
const maxPort = 31_999;

/** Attempts to start a server on another port if its own is taken meanwhile */
export const maxPortAttempts = 3;

/** Whether a server can listen on this port now */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The previous port if it is free, else another one */
export async function choosePort(previous: number | undefined, taken: readonly number[] = []): Promise<number> {
  if (previous !== undefined && (await isFree(previous))) return previous;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(minPort, maxPort + 1);
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new SetupError(`No free port on 127.0.0.1 between ${minPort} and ${maxPort}.`);
}
