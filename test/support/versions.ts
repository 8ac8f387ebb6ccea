/** Model versions without a training for each. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { registerModel } from '../../src/suggest/versions/model-registry.js';

/** Another version that answers as this one does. */
export async function copyVersion(
  dataSource: DataSource,
  modelDir: string,
  { of, as }: { of: string; as: string },
): Promise<string> {
  const folder = join(modelDir, as);
  await cp(join(modelDir, of), folder, { recursive: true });
  const file = join(folder, 'model.json');
  const description = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...description, version: as }));
  return registerModel(dataSource.manager, folder);
}
