/**
 * `npm run bench -- NAME [OPTIONS]`: runs a bench of bench/, which prints one JSON line. Without a name: lists the benches.
 *
 * `--save` or `--save=VARIANT` also stores the output in bench/results/NAME.json or NAME-VARIANT.json;
 * `npm run results` then adds it to docs/experiments.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.js';
import { saveResult } from './result-files.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Every bench by its name, with its source file and its summary: the paragraph below its usage. */
function benches() {
  return new Map(
    readdirSync(join(root, 'bench'), { recursive: true })
      .filter((file) => file.endsWith('.ts'))
      .toSorted()
      .flatMap((file) => {
        const comment = /^\/\*\*\n(.*?)\*\//s.exec(readFileSync(join(root, 'bench', file), 'utf8'))?.[1] ?? '';
        const text = comment.replace(/^ \* ?/gm, '');
        if (!text.startsWith('npm run bench -- ')) return [];
        const [, about = ''] = text.split('\n\n');
        return [[basename(file, '.ts'), { file, about: about.replace(/\n/g, ' ').replace(/\.$/, '') }]];
      }),
  );
}

function list(known) {
  const width = Math.max(...[...known.keys()].map((name) => name.length));
  const lines = [...known].map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
  return `npm run bench -- NAME [OPTIONS] [--save[=VARIANT]]\n\n${lines.join('\n')}`;
}

/** Runs the compiled bench as a child process. @returns its exit code and its output */
async function run(file, options) {
  const compiled = join(root, 'dist', 'bench', file.replace(/\.ts$/, '.js'));
  const child = spawn(process.execPath, [compiled, ...options], { stdio: ['inherit', 'pipe', 'inherit'] });
  // Ctrl-C also reaches the bench, which is in the same process group.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    printed += chunk;
    process.stdout.write(chunk);
  });
  const [code] = await once(child, 'close');
  return { code: code ?? 1, printed };
}

const words = process.argv.slice(2);
const [name, ...options] = words.filter((word) => !/^--save(=|$)/.test(word));
const known = benches();
const bench = known.get(name);
if (!bench) {
  console.error(name ? `${name}: no such bench\n\n${list(known)}` : list(known));
  process.exit(name ? 1 : 0);
}
ensureBuilt(root, 'build:service', (line) => console.error(line));
const { code, printed } = await run(bench.file, options);
const saved = words.find((word) => /^--save(=|$)/.test(word));
if (saved !== undefined && printed !== '') {
  const variant = saved.slice('--save='.length);
  const command = ['npm', 'run', 'bench', '--', name, ...options];
  console.error(saveResult({ root, name: variant ? `${name}-${variant}` : name, command, printed }));
}
process.exitCode = code;
