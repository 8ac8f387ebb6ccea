import { defineConfig } from 'vite';

/** `npx vite console` serves the sources against a service that runs on its usual port. */
export default defineConfig({
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    target: 'es2023',
    // From here on browsers know light-dark(), which is kept as it is written.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // An icon inside the document would need a wider content security policy.
    assetsInlineLimit: 0,
    // One small page: Mantine and React are most of it, and come from the machine of the service.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      // "use client" concerns those who render on a server; each of hundreds of files would be warned about.
      onLog: (level, log, report) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
  server: { proxy: { '/api/v1': 'http://127.0.0.1:3000', '/sign-in': 'http://127.0.0.1:3000' } },
});
