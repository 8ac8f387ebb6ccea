import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // Real brokers, databases and models on two cores: more files at once only make each of them slower.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
