import { fileURLToPath } from 'node:url';

/** Processes are started from compiled code, also where this file is run as TypeScript, as tests do. */
const compiled = (name: string): string =>
  fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? `../../../dist/src/models/${name}` : `../${name}`, import.meta.url),
  );

export const modelWorkerFile = compiled('serving/model.worker.js');
export const trainWorkerFile = compiled('jobs/train.worker.js');
export const sweepWorkerFile = compiled('jobs/sweep.worker.js');
export const assessWorkerFile = compiled('jobs/assess.worker.js');
