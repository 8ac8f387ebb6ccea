/** A retraining that nobody asks for: the cron's time comes, the ladder is asked, and a run follows. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectKafka } from '../../../src/ingest/kafka.js';
import { replayTickets } from '../../../src/ingest/replay.js';
import { readDataFile } from '../../../src/models/dataset/data-file.js';
import { moveAlias } from '../../../src/suggest/versions/model-registry.js';
import { wholeService, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/waiting.js';
import { scratchFolder, smallSample } from '../../support/models.js';
import { trainedVersion } from '../../support/trained.js';

let team: TestApp;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let first: string;
const minLabels = 200;

beforeAll(async () => {
  scratch = await scratchFolder();
  team = await wholeService({
    MODEL_DIR: scratch.folder,
    // Every second.
    RETRAIN_SCHEDULE: '* * * * * *',
    RETRAIN_MIN_LABELS: String(minLabels),
  });
  first = await trainedVersion(team, { types: 6, each: 20, source: 'first' });
  // Long enough ago for another; what it learned from came before it.
  await team.query(`UPDATE model_versions SET created_at = now() - interval '2 days'`);
  await team.query(`UPDATE tickets SET received_at = now() - interval '3 days'`);
}, 900_000);
afterAll(async () => {
  await team.stop();
  await scratch.remove();
});

interface Run {
  id: number;
  trigger: string;
  requestedBy: string;
  decision: number | null;
  state: string;
  challenger: string | null;
  champion: string | null;
  verdict: { promoted: boolean; gates: { gate: string }[] } | null;
}
interface Decision {
  id: number;
  action: string;
  requestedBy: string;
  reasons: string[];
}
const get = async <T>(path: string): Promise<T[]> =>
  ((await team.request.get(`/api/v1/${path}`).set(team.as('ml')).expect(200)).body as { items: T[] }).items;

test('without a champion the schedule asks nothing: the first model comes by itself', async () => {
  await team.dataSource.transaction((manager) => moveAlias(manager, 'champion', first, 'test'));
  const [earliest] = await team.query<{ early: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM retrain_decisions WHERE decided_at < (SELECT min(moved_at) FROM model_alias_moves)) AS early`,
  );
  expect(earliest?.early).toBe(false);
});

test('with too few fresh labels it has looked, and says why nothing follows', { timeout: 300_000 }, async () => {
  const [decision] = await waitFor(
    'the schedule to look',
    () => get<Decision>('retrain-decisions'),
    (decisions) => decisions.length > 0,
  );
  expect(decision).toMatchObject({ action: 'none', requestedBy: 'schedule' });
  expect(decision?.reasons.join(' ')).toMatch(
    /Scheduled retraining is due.*0 labels since the serving model was trained; a retraining requires 200/,
  );
  expect(await get<Run>('training-runs')).toEqual([]);
});

test('with enough of them a run begins by itself, and ends with a verdict', { timeout: 900_000 }, async () => {
  const file = await smallSample(scratch.folder, 'train', { types: 6, each: 80 });
  const rows = readDataFile(file, { label: 'category' });
  const replay = { source: 'desk', perSecond: null, agents: 'truth' } as const;
  await replayTickets(connectKafka(team.config), team.config, rows, replay, () => undefined);
  const scheduled = async (): Promise<Run | undefined> => (await get<Run>('training-runs')).at(-1);
  const run = await waitFor('a run to end', scheduled, (seen) =>
    ['promoted', 'rejected', 'failed'].includes(seen?.state ?? ''),
  );
  expect(run).toMatchObject({ trigger: 'schedule', requestedBy: 'schedule', champion: first });
  expect(run?.verdict?.gates.map(({ gate }) => gate)).toContain('non-inferiority');
  expect(run?.state).toBe(run?.verdict?.promoted ? 'promoted' : 'rejected');
  const decision = (await get<Decision>(`retrain-decisions?action=retrain&limit=200`)).find(
    ({ id }) => id === run?.decision,
  );
  expect(decision).toMatchObject({ requestedBy: 'schedule' });
  const last = async (): Promise<Decision | undefined> => (await get<Decision>('retrain-decisions'))[0];
  const seen = (await last())?.id ?? 0;
  const next = await waitFor('the schedule to look again', last, (decision) => (decision?.id ?? 0) > seen);
  expect(next?.action).not.toBe('retrain');
  expect(next?.reasons.join(' ')).toMatch(/Waiting for cool-down: .*cool-down 24 h/);
  expect(await get<Run>('training-runs')).toHaveLength(1);
});
