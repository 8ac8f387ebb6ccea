/** The steps build on one another: a team with a champion gets fresh labels, and retrains. */
import { readdir } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRun } from '../../../src/retrain/runs/run-store.js';
import { TrainingRunner } from '../../../src/retrain/runs/training-runner.service.js';
import { moveAlias } from '../../../src/suggest/versions/model-registry.js';
import { wholeService, type TestApp } from '../../support/app.js';
import { importSampleHistory } from '../../support/history.js';
import { waitFor } from '../../support/waiting.js';
import { scratchFolder } from '../../support/models.js';
import { trainedVersion } from '../../support/trained.js';
import { serviceProcess, type ServiceProcess } from '../../support/service-process.js';
import { stopAtFirstFailure } from '../../support/steps.js';

interface Run {
  id: number;
  state: string;
  phase: string | null;
  attempts: number;
  challenger: string | null;
  champion: string | null;
  error: string | null;
  comparison: { tickets: number; basis: string } | null;
  verdict: { promoted: boolean; gates: { gate: string; passed: boolean; detail: string }[] } | null;
  curves: object[];
}

let team: TestApp;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let firstChampion: string;
const over = ['promoted', 'rejected', 'failed', 'cancelled'];

stopAtFirstFailure();
beforeAll(async () => {
  scratch = await scratchFolder();
  team = await wholeService({ MODEL_DIR: scratch.folder });
  firstChampion = await trainedVersion(team, { types: 6, each: 20, source: 'first' });
  await team.dataSource.transaction((manager) => moveAlias(manager, 'champion', firstChampion, 'test'));
}, 180_000);
afterAll(async () => {
  await team.stop();
  await scratch.remove();
});

const get = async (id: number): Promise<Run> =>
  (await team.request.get(`/api/v1/training-runs/${id}`).set(team.as('ml'))).body as Run;
const post = async (): Promise<Run> =>
  (await team.request.post('/api/v1/training-runs').set(team.as('ml')).expect(201)).body as Run;
async function ended(id: number): Promise<Run> {
  return waitFor(
    `training run ${id} to end`,
    () => get(id),
    ({ state }) => over.includes(state),
  );
}
const leftovers = async (): Promise<string[]> =>
  (await readdir(scratch.folder)).filter((name) => name.startsWith('.training'));

describe('a training run', () => {
  test('without fresh labels fails and says what is missing', { timeout: 60_000 }, async () => {
    const { state, error } = await ended((await post()).id);
    expect(state).toBe('failed');
    expect(error).toMatch(/0 labels that the champion was not trained on; more than 50 are needed/);
  });

  test(
    'is started once, however often it is asked for; tells where it stands; and ends with a verdict',
    { timeout: 240_000 },
    async () => {
      await importSampleHistory(team.dataSource, scratch.folder, { types: 6, each: 70, source: 'later' });
      const stream = await fetch(`${await team.app.getUrl()}/api/v1/events`, { headers: team.as('ml') });
      const told: string[] = [];
      const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
      const listening = (async (): Promise<void> => {
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) told.push(part.value);
      })();
      const [one, other] = [await post(), await post()];
      expect(other.id).toBe(one.id);
      const run = await ended(one.id);
      await waitFor(
        'the page to hear of the end',
        () => told.join(''),
        (text) => text.includes(`"state":"${run.state}"`),
      );
      await reader?.cancel();
      await listening;
      expect(told.join('')).toMatch(/event: training-run\n(id: \d+\n)?data: .*"phase":"/);
      expect(run.champion).toBe(firstChampion);
      expect(run.curves.length).toBeGreaterThan(0);
      expect(run.comparison?.basis).toBe('trusted');
      expect(run.comparison?.tickets).toBeGreaterThan(40);
      expect(run.verdict?.gates.map(({ gate }) => gate)).toEqual([
        'loads',
        'sample-size',
        'differs-from-champion',
        'non-inferiority',
        'utility',
        'slice-regressions',
        'calibration',
        'latency',
        'drift-reference',
      ]);
      expect(run.state).toBe(run.verdict?.promoted ? 'promoted' : 'rejected');
      const [champion] = await team.query<{ version: string }>(
        `SELECT version FROM model_aliases WHERE alias = 'champion'`,
      );
      expect(champion?.version).toBe(run.verdict?.promoted ? run.challenger : firstChampion);
      expect(await leftovers()).toEqual([]);
    },
  );

  test('can be cancelled while it trains', { timeout: 120_000 }, async () => {
    const { id } = await post();
    await waitFor(
      'it to begin',
      () => get(id),
      ({ state }) => state === 'running',
    );
    await team.request.post(`/api/v1/training-runs/${id}/cancel`).set(team.as('ml')).expect(200);
    expect((await ended(id)).state).toBe('cancelled');
    await team.request.post(`/api/v1/training-runs/${id}/cancel`).set(team.as('ml')).expect(409);
    expect(await leftovers()).toEqual([]);
  });
});

describe('two replicas', () => {
  let replicas: ServiceProcess[] = [];
  afterAll(async () => {
    for (const replica of replicas) await replica.kill();
  });

  /** Training processes of this team: their parents are its replicas. */
  const trainings = (): number[] => {
    const parents = replicas.map(({ pid }) => pid);
    return execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes('models/jobs/train.worker.js'))
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([, parent = 0]) => parents.includes(parent))
      .map(([pid = 0]) => pid);
  };
  const row = async (id: number): Promise<Pick<Run, 'state' | 'attempts' | 'error'> & { runner: string | null }> => {
    const [found] = await team.query<Pick<Run, 'state' | 'attempts' | 'error'> & { runner: string | null }>(
      'SELECT state, attempts, error, runner FROM training_runs WHERE id = $1',
      [id],
    );
    if (!found) throw new Error(`training run ${id} is gone`);
    return found;
  };
  const alive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  test(
    'go on after the training and then the whole service are killed, and finish once',
    { timeout: 400_000 },
    async () => {
      await team.app.get(TrainingRunner).stop();
      replicas = await Promise.all([serviceProcess(team.config), serviceProcess(team.config)]);
      const { dataSource } = team;
      const before = await team.query('SELECT version FROM model_versions');
      const { id } = await startRun(dataSource.manager, { trigger: 'person', requestedBy: 'test', decision: null });
      const training = (): Promise<number> => waitFor('a training process', () => trainings()[0] ?? 0);
      process.kill(await training(), 'SIGKILL');
      await waitFor(
        'the second attempt',
        () => row(id),
        ({ attempts }) => attempts === 2,
      );
      const orphan = await training();
      const { runner } = await row(id);
      const killed = replicas.find(({ pid }) => runner?.split(' ').includes(String(pid)));
      await killed?.kill();
      await waitFor('the training to follow its service', () => !alive(orphan));
      const ended = await waitFor(
        'the run to end',
        () => row(id),
        ({ state }) => over.includes(state),
      );
      expect(ended).toMatchObject({
        attempts: 3,
        error: null,
        state: expect.stringMatching(/promoted|rejected/) as string,
      });
      expect(await team.query('SELECT version FROM model_versions')).toHaveLength(before.length + 1);
      expect(await leftovers()).toEqual([]);
    },
  );
});
