/** The champion is changed while two replicas answer: both follow, and no request fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { moveAlias } from '../../../src/suggest/versions/model-registry.js';
import { wholeService, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/waiting.js';
import { scratchFolder } from '../../support/models.js';
import { trainedVersion } from '../../support/trained.js';
import { serviceProcess, type ServiceProcess } from '../../support/service-process.js';
import { copyVersion } from '../../support/versions.js';

let team: TestApp;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let other: ServiceProcess;
let versions: [string, string];

beforeAll(async () => {
  scratch = await scratchFolder();
  team = await wholeService({ MODEL_DIR: scratch.folder });
  const version = await trainedVersion(team, { types: 6, each: 20, source: 'first' });
  versions = [version, await copyVersion(team.dataSource, scratch.folder, { of: version, as: 'm-other' })];
  await team.dataSource.transaction((manager) => moveAlias(manager, 'champion', version, 'test'));
  other = await serviceProcess(team.config);
}, 900_000);
afterAll(async () => {
  await other.kill();
  await team.stop();
  await scratch.remove();
});

test(
  'each replica ranks with the new champion, and every request on the way is answered',
  { timeout: 900_000 },
  async () => {
    const replicas = [await team.app.getUrl(), other.url];
    const headers = { ...team.as('ml'), 'content-type': 'application/json' };
    const answered = replicas.map(() => new Map<string, number>());
    const failed: string[] = [];
    let isOver = false;
    const ask = async (url: string, seen: Map<string, number>): Promise<void> => {
      while (!isOver) {
        const body = JSON.stringify({ text: 'My card has not come yet' });
        const response = await fetch(`${url}/api/v1/rank`, { method: 'POST', headers, body });
        if (response.status === 200) {
          const { modelVersion } = (await response.json()) as { modelVersion: string };
          seen.set(modelVersion, (seen.get(modelVersion) ?? 0) + 1);
        } else failed.push(`${response.status} ${await response.text()}`);
        await sleep(20);
      }
    };
    const askers = replicas.flatMap((url, at) => [1, 2].map(() => ask(url, answered[at] as Map<string, number>)));
    try {
      for (let swap = 0; swap < 4; swap += 1) {
        const [next] = swap % 2 === 0 ? [versions[1]] : [versions[0]];
        for (const seen of answered) seen.clear();
        await team.request.post(`/api/v1/models/${next}/promote`).set(team.as('ml')).expect(200);
        await waitFor(
          `both replicas to answer with ${next}`,
          () => answered.map((seen) => Object.fromEntries(seen)),
          (counts) => counts.every((seen) => (seen[next] ?? 0) > 2),
        );
      }
    } finally {
      isOver = true;
      await Promise.all(askers);
    }
    expect(failed).toEqual([]);
  },
);
