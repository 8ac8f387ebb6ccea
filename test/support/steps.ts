/** For files whose tests build on one another. */
import { beforeEach } from 'vitest';

/** What comes after a step that failed is skipped: it would only wait for what never comes, and hide the first cause. */
export function stopAtFirstFailure(): void {
  let hasFailed = false;
  beforeEach(({ onTestFailed, skip }) => {
    skip(hasFailed, 'a step before this one has failed');
    onTestFailed(() => {
      hasFailed = true;
    });
  });
}
