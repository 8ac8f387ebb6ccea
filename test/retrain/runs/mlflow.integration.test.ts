/** What an ML engineer relies on who compares trainings in MLflow: a real server, where there is one to be started. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFile } from 'node:fs/promises';
import type { RunRecord } from '../../../src/models/training/run-record.js';
import { trainModel } from '../../../src/models/training/train-model.js';
import { reportToMlflow } from '../../../src/retrain/runs/mlflow.js';
import { openEncoder, scratchFolder, smallSample, trainingSettings } from '../../support/models.js';
import { waitFor } from '../../support/waiting.js';

interface Found {
  runs: {
    info: { run_id: string; run_name: string; status: string };
    data: { metrics: { key: string; value: number }[]; params: { key: string; value: string }[] };
  }[];
}

const installed = ((): boolean => {
  try {
    execFileSync('mlflow', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let folder: string;
let record: RunRecord;

beforeAll(async () => {
  scratch = await scratchFolder();
  const data = await smallSample(scratch.folder, 'train', { types: 4, each: 20 });
  const settings = trainingSettings(scratch.folder, data, 'model');
  folder = settings.out;
  const { tf, encoder } = await openEncoder();
  await trainModel(tf, encoder, settings, () => undefined);
  record = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as RunRecord;
});
afterAll(() => scratch.remove());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe.skipIf(!installed)('a real MLflow server (skipped without the program: pip install mlflow)', () => {
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const store = `sqlite:///${join(scratch.folder, 'mlflow.db')}`;
    const isOver = (): boolean => server.exitCode !== null;
    await waitFor('a server that has its port to itself', async () => {
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const words = ['server', '--backend-store-uri', store, '--host', '127.0.0.1', '--port', String(port)];
      // A group of its own: the server starts workers, which must end with it.
      server = spawn('mlflow', [...words, '--workers', '1'], { cwd: scratch.folder, stdio: 'ignore', detached: true });
      await waitFor('it to answer or to end', async () => isOver() || (await fetch(`${url}/health`)).ok);
      return !isOver();
    });
  });
  afterAll(async () => {
    const ended = once(server, 'exit');
    process.kill(-(server.pid ?? 0), 'SIGKILL');
    await ended;
  });

  async function ask<T>(path: string, body?: object): Promise<T> {
    const request = body
      ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      : {};
    return (await (await fetch(`${url}/api/2.0/mlflow/${path}`, request)).json()) as T;
  }

  test('each training is a run with its arguments, its figures and its curves', async () => {
    expect(await reportToMlflow(url, folder)).toBeNull();
    expect(await reportToMlflow(`${url}/`, folder)).toBeNull();
    const { experiment } = await ask<{ experiment: { experiment_id: string } }>(
      'experiments/get-by-name?experiment_name=replyrank',
    );
    const { runs } = await ask<Found>('runs/search', { experiment_ids: [experiment.experiment_id] });
    expect(runs.map(({ info }) => [info.run_name, info.status])).toEqual([
      [record.version, 'FINISHED'],
      [record.version, 'FINISHED'],
    ]);
    const { metrics = [], params = [] } = runs[0]?.data ?? {};
    expect(metrics.find(({ key }) => key === 'held_out/top1')?.value).toBe(record.heldOut.top1);
    expect(params.find(({ key }) => key === 'data.hash')?.value).toBe(record.data.hash);
    expect(params.find(({ key }) => key === 'seed')?.value).toBe('1');
    const history = await ask<{ metrics: { step: number; value: number }[] }>(
      `metrics/get-history?run_id=${runs[0]?.info.run_id ?? ''}&metric_key=loss/all_tickets`,
    );
    const curve = record.curves.find(({ training }) => training === 'all tickets')?.loss ?? [];
    expect(history.metrics.map(({ value }) => value)).toEqual(curve);
  });
});

test('a server that is away costs the report, not the training, and is named without its password', async () => {
  const port = await freePort();
  const problem = await reportToMlflow(`http://ada:secret@127.0.0.1:${port}`, folder);
  expect(problem).toMatch(new RegExp(`could not be reported to MLflow at 127\\.0\\.0\\.1:${port} \\(.*ECONNREFUSED`));
  expect(problem).not.toContain('secret');
});
