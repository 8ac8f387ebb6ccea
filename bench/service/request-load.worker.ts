/**
 * Sends requests at a steady rate and measures response times. It is a thread of its own, so that its clock does not measure the
 * work of the bench's producer.
 */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

export interface RequestLoad {
  /** Requested in turn, repeatedly */
  urls: string[];
  token: string;
  perSecond: number;
  /** Warm-up before the measurement */
  warmUpSeconds: number;
  seconds: number;
}

export interface ResponseTimes {
  /** Response time of each request */
  ms: number[];
  /** Responses other than 200 */
  failures: number;
}

const { urls, token, perSecond, warmUpSeconds: warmSeconds, seconds } = workerData as RequestLoad;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const answered: ResponseTimes = { ms: [], failures: 0 };

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
