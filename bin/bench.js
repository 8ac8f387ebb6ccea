/** `npm run bench -- NAME [OPTIONS]`: one benchmark of bench/, which prints one JSON line. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildService } from './build.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await buildService(root, (line) => console.error(line));
const [name, ...options] = process.argv.slice(2);
const file = join(root, 'dist', 'bench', `${name}.js`);
if (!name || !existsSync(file)) {
  const names = readdirSync(join(root, 'dist', 'bench')).filter((entry) => /\.js$/.test(entry));
  console.error(`npm run bench -- NAME, with one of: ${names.map((entry) => entry.slice(0, -3)).join(', ')}`);
  process.exit(1);
}
process.argv = [process.argv[0], file, ...options];
await import(pathToFileURL(file).href);
