import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeUnfinished, unfinishedFolder } from '../../../src/models/versions/unfinished-folders.js';
import { removeModel } from '../../../src/models/versions/remove-model.js';
import { scratchFolder } from '../../support/models.js';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch.remove());

async function folders(parent: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(parent, name), { recursive: true });
    await writeFile(join(parent, name, 'weights.bin'), 'weights');
  }
}

test('what a killed training left is removed; what another one is at, and models, stay', async () => {
  const parent = join(scratch.folder, 'versions');
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const left = [`.a.${ended}@${hostname()}.encoder`, `.a.${ended}@${hostname()}.unfinished`];
  const own = unfinishedFolder(join(parent, 'b'), 'encoder').slice(parent.length + 1);
  const stay = ['a', own, `.c.${ended}@another-machine.encoder`, '.training-1-2'];
  await folders(parent, [...left, ...stay]);
  await removeUnfinished(parent);
  expect((await readdir(parent)).sort()).toEqual([...stay].sort());
  await removeUnfinished(join(scratch.folder, 'not there'));
});

test('a model that is deleted takes the graph and the embeddings of its own encoder along, and nothing else', async () => {
  const [models, store] = [join(scratch.folder, 'models'), join(scratch.folder, 'store')];
  const described = async (name: string, model: object): Promise<string> => {
    await folders(models, [name]);
    await writeFile(join(models, name, 'model.json'), JSON.stringify(model));
    return join(models, name);
  };
  const hash = (letter: string): string => letter.repeat(64);
  const finetuned = await described('one', { recipe: 'finetune', encoder: { hash: hash('a') } });
  const frozen = await described('two', { recipe: 'frozen', encoder: { hash: hash('b') } });
  const graphs = ['a', 'b', 'c'].map((letter) => `encoder-${letter.repeat(16)}-3-2`);
  await folders(store, [...graphs, `embeddings-${'a'.repeat(16)}`]);
  await removeModel(finetuned, [store, join(scratch.folder, 'no cache')]);
  await removeModel(frozen, [store]);
  expect(await readdir(models)).toEqual([]);
  expect((await readdir(store)).sort()).toEqual(graphs.slice(1));
});
