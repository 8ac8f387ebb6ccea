import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const suites = ['integration', 'browser'] as const;
const filesOf = (suite: (typeof suites)[number]): string => `test/**/*.${suite}.test.ts`;
const preload = ['--import', fileURLToPath(new URL('test/support/normal-priority.js', import.meta.url))];

/** Tests on a real broker, database, model or browser. Their time limits show a hang, on a busy machine too. */
const onRealParts = (
  name: string,
  options: { include: string[]; testTimeout: number; hookTimeout: number },
): TestProjectInlineConfiguration => ({
  test: {
    name,
    ...options,
    provide: { hookTimeoutMs: options.hookTimeout },
    globalSetup: ['test/support/global-setup.ts'],
    execArgv: preload,
    env: { NODE_OPTIONS: preload.join(' ') },
    // On two cores, more files at once only make each of them slower.
    maxWorkers: 2,
    sequence: { groupOrder: 1 },
    expect: { poll: { timeout: options.testTimeout - 5_000, interval: 50 } },
  },
});

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...suites.map(filesOf), 'test/story/**'],
          testTimeout: 5_000,
          hookTimeout: 10_000,
          provide: { hookTimeoutMs: 10_000 },
          // Nothing here has a state of its own: files share a thread's modules, which are loaded once.
          pool: 'threads',
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      onRealParts('integration', { include: [filesOf('integration')], testTimeout: 180_000, hookTimeout: 300_000 }),
      onRealParts('browser', { include: [filesOf('browser')], testTimeout: 180_000, hookTimeout: 300_000 }),
      onRealParts('story', { include: ['test/story/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 }),
    ],
  },
});
