import { defineConfig } from 'vite';

/** `npx vite console` serves the sources against a service that runs on its usual port. */
export default defineConfig({
  build: {
    target: 'es2023',
    // An icon inside the document would need a wider content security policy.
    assetsInlineLimit: 0,
    // One small page: Mantine and React are most of it, and come from the machine of the service.
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { '/api/v1': 'http://127.0.0.1:3000', '/sign-in': 'http://127.0.0.1:3000' } },
});
