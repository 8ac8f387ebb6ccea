import { fileURLToPath } from 'node:url';

/** Processes are started from compiled code, also where this file is run as TypeScript, as tests do. */
const compiled = (name: string): string =>
  fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? `../../dist/src/models/${name}` : `./${name}`, import.meta.url),
  );

export const modelWorkerFile = compiled('model.worker.js');
export const trainWorkerFile = compiled('train.worker.js');
export const sweepWorkerFile = compiled('sweep.worker.js');
export const assessWorkerFile = compiled('assess.worker.js');
