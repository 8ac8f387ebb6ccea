import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../../src/models/versions/model-folder.js';
import { FirstModel } from '../../../src/retrain/runs/first-model.service.js';
import { loadServingVersion } from '../../../src/suggest/requests/serving-version.js';
import { wholeService, type TestApp } from '../../support/app.js';
import { importSampleHistory } from '../../support/history.js';
import { waitFor } from '../../support/waiting.js';
import { scratchFolder } from '../../support/models.js';

interface Run {
  trigger: string;
  requestedBy: string;
  state: string;
  challenger: string | null;
  curves: object[];
  error: string | null;
}

let team: TestApp;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
const limitMs = 240_000;
beforeAll(async () => {
  scratch = await scratchFolder();
  team = await wholeService({ MODEL_DIR: scratch.folder, MODEL_FIELDS: 'country', RETRAIN_ROLLOUT: 'shadow' });
}, 180_000);
afterAll(async () => {
  await team.stop();
  await scratch.remove();
});

const runs = async (): Promise<Run[]> =>
  ((await team.request.get('/api/v1/training-runs').set(team.as('ml')).expect(200)).body as { items: Run[] }).items;
const firstModel = (said: string[]): FirstModel =>
  Object.assign(new FirstModel(team.dataSource), { report: (line: string) => void said.push(line) });
const load = (each: number): Promise<void> =>
  importSampleHistory(team.dataSource, scratch.folder, { types: 6, each, source: `history-${each}` });

describe('a team that has imported its history', () => {
  test(
    'gets its first model by itself, once there is enough to learn from, by one run like others',
    { timeout: limitMs },
    async () => {
      const said: string[] = [];
      const replicas = [1, 2].map(() => firstModel(said));
      const look = () => Promise.all(replicas.map((replica) => replica.poll()));
      await load(5);
      await look();
      expect([said, await runs()]).toEqual([[], []]);
      await load(20);
      await look();
      await look();
      await waitFor(
        'a champion',
        () => loadServingVersion(team.dataSource.manager),
        ({ folder }) => folder !== null,
      );
      await look();
      const [run, ...more] = await runs();
      expect(more).toEqual([]);
      expect(run).toMatchObject({ trigger: 'first', requestedBy: 'first model', state: 'promoted', error: null });
      expect(run?.curves.length).toBeGreaterThan(0);
      const { description, trainedOn } = await loadModel(`${scratch.folder}/${run?.challenger ?? ''}`);
      expect(description.classes).toHaveLength(6);
      expect(trainedOn.length).toBeGreaterThan(100);
      expect(said.filter((line) => line.startsWith('Training the first model'))).toHaveLength(2);
      expect(said.at(-1)).toMatch(/is serving; held-out top-1 accuracy \d+/);
      await Promise.all(replicas.map((replica) => replica.stop()));
    },
  );

  test('is told once why there is none, and is tried again when there is more to learn from', async () => {
    await team.query('DELETE FROM model_aliases');
    await team.query(`INSERT INTO training_runs (trigger, requested_by, state, error, arguments)
                      VALUES ('first', 'first model', 'failed', 'no memory', '{"labels": 1000}')`);
    const said: string[] = [];
    const first = firstModel(said);
    await first.poll();
    await first.poll();
    expect(said).toEqual(['No first model yet: no memory']);
    await team.query(`UPDATE training_runs SET arguments = '{"labels": 20}' WHERE state = 'failed'`);
    await first.poll();
    expect(said.at(-1)).toMatch(/^Training the first model on \d+ labels/);
    await first.stop();
  });
});
