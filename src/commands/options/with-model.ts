import { childEnvironment, readConfig, type Config } from '../../config/config.js';
import { ModelProcess } from '../../models/serving/model-process.js';
import type { ModelWorkerSettings } from '../../models/serving/model-protocol.js';
import { modelWorkerFile } from '../../models/jobs/worker-files.js';
import { setUpModel } from './with-database.js';

/** What a process with TensorFlow in it needs: fetched where it is not there. */
export async function modelWorker(
  config: Config,
): Promise<{ settings: ModelWorkerSettings; environment: NodeJS.ProcessEnv }> {
  const { encoderDir, flavour, environment } = await setUpModel(config);
  return {
    settings: { encoderDir, device: flavour, cacheDir: config.STORE_DIR },
    environment: childEnvironment(environment),
  };
}

/** Runs `work` with the model of a folder, ranking the templates that it was trained with. */
export async function withModel<T>(folder: string, work: (model: ModelProcess) => Promise<T>): Promise<T> {
  const config = readConfig();
  const { MODEL_MAX_BATCH: maxBatch } = config;
  const worker = await modelWorker(config);
  const model = new ModelProcess({ ...worker, workerFile: modelWorkerFile, maxBatch, maxWaitMs: 0, maxQueue: 10_000 });
  await model.start();
  try {
    await model.activate(folder, folder);
    return await work(model);
  } finally {
    await model.stop();
  }
}
