import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'replyrank-results-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('docs/experiments.md is what bench/results gives: npm run results has been run', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'bin', 'results.js'), '--check'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('a stored result has the command, the date and the machine, and no path outside the repository', () => {
  const saved = `import { saveResult } from ${JSON.stringify(join(root, 'bin', 'result-files.js'))};
    const command = ['npm', 'run', 'bench', '--', 'sums', '--data', '/home/ada/clinc', '--of=../x', 'a b', 'package.json'];
    saveResult({ root: ${JSON.stringify(folder)}, name: 'sums', command, printed: 'progress\\n{"bench":"sums","sum":3}\\n' });`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', saved], { stdio: 'ignore' });

  const text = readFileSync(join(folder, 'bench', 'results', 'sums.json'), 'utf8');
  const result = z
    .object({
      command: z.string(),
      date: z.iso.date(),
      machine: z.strictObject({ cores: z.number(), memoryGb: z.number(), cpu: z.string(), node: z.string() }),
      commit: z.string().nullable(),
      figures: z.unknown(),
    })
    .strict()
    .parse(JSON.parse(text));
  expect(result.command).toBe(`npm run bench -- sums --data PATH --of=PATH 'a b' package.json`);
  expect(result.figures).toEqual({ bench: 'sums', sum: 3 });
  expect(text).not.toContain(tmpdir());
});
