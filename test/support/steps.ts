/** For files whose tests build on one another. */
import { beforeEach } from 'vitest';

/**
 * What comes after a step that failed is skipped: it would only wait for what never comes, and hide the first cause.
 *
 * @param scene what the page shows at that moment, for the failure report
 */
export function stopAtFirstFailure(scene?: () => Promise<string>): void {
  let hasFailed = false;
  beforeEach(({ onTestFailed, skip, task }) => {
    skip(hasFailed, 'a step before this one has failed');
    onTestFailed(async () => {
      hasFailed = true;
      if (scene) process.stderr.write(`To be seen when "${task.name}" failed:\n${await scene().catch(String)}\n`);
    });
  });
}
