/** Builds the service and the pages before the first test: workers, processes and pages run from dist/. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

export async function build(): Promise<void> {
  // A test run sets NODE_ENV to `test`, for which React would bundle its development build.
  const options = { cwd: resolve(import.meta.dirname, '../..'), env: { ...process.env, NODE_ENV: 'production' } };
  await promisify(execFile)('npm', ['run', '--silent', 'build'], options);
}
