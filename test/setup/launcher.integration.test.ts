import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** bin/replyrank.js, in a checkout of its own with a command line of one file. */

const repository = resolve(import.meta.dirname, '../..');
let checkout: string;

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'replyrank-checkout-'));
  for (const name of ['bin', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    await cp(join(repository, name), join(checkout, name), { recursive: true });
  }
  for (const name of ['src', 'migrations', 'bench']) await mkdir(join(checkout, name));
  await writeFile(
    join(checkout, 'src', 'replyrank.ts'),
    `import { main } from './cli.js';\nprocess.exitCode = await main(process.argv.slice(2));\n`,
  );
  await symlink(join(repository, 'node_modules'), join(checkout, 'node_modules'));
  await aCommandLineThatSays('one');
});
afterEach(() => rm(checkout, { recursive: true, force: true }));

const aCommandLineThatSays = (word: string): Promise<void> =>
  writeFile(
    join(checkout, 'src', 'cli.ts'),
    `export function main(argv: string[]): Promise<number> {
      process.stdout.write(JSON.stringify(['${word}', ...argv]));
      return Promise.resolve(argv.length);
    }`,
  );

function launch(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [join(checkout, 'bin', 'replyrank.js'), ...argv], (error, stdout, stderr) => {
      done({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

describe('the launcher', () => {
  test('builds what changed, says so on stderr, and passes on the arguments and the exit code', async () => {
    const first = await launch('rank', '--json');
    expect(first).toEqual({ code: 2, stdout: '["one","rank","--json"]', stderr: 'Building …\n' });
    expect(await launch('rank')).toEqual({ code: 1, stdout: '["one","rank"]', stderr: '' });

    await aCommandLineThatSays('two');
    await writeFile(join(checkout, 'src', 'gone.ts'), 'export {};');
    expect((await launch()).stdout).toBe('["two"]');
    await rm(join(checkout, 'src', 'gone.ts'));
    expect((await launch()).stderr).toContain('Building');
    expect(await readdir(join(checkout, 'dist', 'src'))).toEqual([
      'cli.js',
      'cli.js.map',
      'replyrank.js',
      'replyrank.js.map',
    ]);
  });

  test('runs none but a whole build when several are started at once', async () => {
    const all = await Promise.all([launch(), launch(), launch()]);
    expect(all.map(({ stdout }) => stdout)).toEqual(['["one"]', '["one"]', '["one"]']);
  });

  test('runs a build that was shipped without development packages as it is', async () => {
    await launch();
    await rm(join(checkout, 'node_modules'));
    await mkdir(join(checkout, 'node_modules'));
    await symlink(join(repository, 'node_modules', 'commander'), join(checkout, 'node_modules', 'commander'));
    await aCommandLineThatSays('two');
    expect(await launch()).toEqual({ code: 0, stdout: '["one"]', stderr: '' });
    await rm(join(checkout, 'dist'), { recursive: true });
    expect((await launch()).stderr).toMatch(/there is no build in dist\/: run "npm ci && npm run build" first/);
  });

  test('prints what the compiler printed', async () => {
    await writeFile(join(checkout, 'src', 'cli.ts'), 'export function main( {');
    const { code, stderr } = await launch();
    expect(code).toBe(1);
    expect(stderr).toMatch(/replyrank: the build failed:\n.*cli\.ts/s);
  });

  test('says in one line that the packages are not installed', async () => {
    await rm(join(checkout, 'node_modules'));
    const { code, stderr } = await launch();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^replyrank: the packages are not installed: run "npm ci" in .* first\n$/);
  });
});
