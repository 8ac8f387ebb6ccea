import { defineConfig } from 'vitest/config';

/** The tests that `npm run mutation` runs for each mutant of the files in stryker.config.json. */
export default defineConfig({
  test: {
    include: [
      'test/statistics/**/*.test.ts',
      'test/monitoring/decisions/{retrain-decision,decision-reasons}.test.ts',
      'test/monitoring/detection/**/*.test.ts',
    ],
    // Thousands of simulated tickets a test: too slow to run for each mutant.
    exclude: ['test/monitoring/detection/drift-*.test.ts'],
    testTimeout: 20_000,
    maxWorkers: 1,
  },
});
