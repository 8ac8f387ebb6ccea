/**
 * Asks for paths at a steady pace and says how long each answer took. In a thread of its own: beside the producer of the same
 * benchmark its clock would also measure that one's work.
 */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

export interface Asking {
  /** Asked for in turn, over and over */
  urls: string[];
  token: string;
  perSecond: number;
  /** Before the measurement begins */
  warmSeconds: number;
  seconds: number;
}

export interface Answered {
  /** Of each answer, from asked to read */
  ms: number[];
  /** Answers that were not 200 */
  failures: number;
}

const { urls, token, perSecond, warmSeconds, seconds } = workerData as Asking;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const answered: Answered = { ms: [], failures: 0 };

async function ask(url: string, isMeasured: boolean): Promise<void> {
  const from = performance.now();
  const request = get(url, { agent, headers: { authorization: `Bearer ${token}` } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) answered.failures += 1;
  if (isMeasured) answered.ms.push(performance.now() - from);
}

const started = Date.now();
const asking: Promise<void>[] = [];
for (let tick = 0; tick < (warmSeconds + seconds) * perSecond; tick += 1) {
  const due = started + (tick * 1000) / perSecond;
  if (due > Date.now()) await sleep(due - Date.now());
  asking.push(ask(urls[tick % urls.length] as string, tick >= warmSeconds * perSecond));
}
await Promise.all(asking);
agent.destroy();
parentPort?.postMessage(answered);
