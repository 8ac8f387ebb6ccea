import { compiledWorker } from '../../processes/compiled-worker.js';

export const modelWorkerFile = compiledWorker(import.meta.url, '../serving/model.worker.js');
export const trainWorkerFile = compiledWorker(import.meta.url, './train.worker.js');
export const sweepWorkerFile = compiledWorker(import.meta.url, './sweep.worker.js');
export const assessWorkerFile = compiledWorker(import.meta.url, './assess.worker.js');
