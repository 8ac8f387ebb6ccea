import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SetupError } from '../setup/setup-error.js';

/** Below the range that systems hand out for outgoing connections: none of those can sit on it while a server is away. */
const lowest = 15_000;
const highest = 31_999;

/** How often a server is started on another port where somebody else takes its own meanwhile. */
export const portTries = 3;

/** Whether a server could listen there now. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The port that was used before, if it is free; else another. */
export async function choosePort(remembered: number | undefined, taken: readonly number[] = []): Promise<number> {
  if (remembered !== undefined && (await isFree(remembered))) return remembered;
  for (let tries = 0; tries < 200; tries += 1) {
    const port = randomInt(lowest, highest + 1);
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new SetupError(`No free port was found on 127.0.0.1 between ${lowest} and ${highest}.`);
}
