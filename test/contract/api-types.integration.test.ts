import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';

test('the pages take the answers for what the service says they are: npm run api-types has been run', async () => {
  const root = resolve(import.meta.dirname, '../..');
  await promisify(execFile)(process.execPath, [join(root, 'bin', 'api-types.js'), '--check']);
}, 300_000);
