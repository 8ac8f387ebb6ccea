import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Real brokers, databases and models on two cores: more files at once only make each of them slower.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
