import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Path of a worker's compiled file. Processes and threads run compiled code: where the sources run as TypeScript, as in
 * tests, it is below dist/.
 *
 * @param module `import.meta.url` of the caller
 * @param file relative to the caller, such as `./train.worker.js`
 */
export function compiledWorker(module: string, file: string): string {
  const path = fileURLToPath(new URL(file, module));
  return module.endsWith('.ts') ? join(root, 'dist', relative(root, path)) : path;
}
