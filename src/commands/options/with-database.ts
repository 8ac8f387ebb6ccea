import type { DataSource } from 'typeorm';
import { readConfig, type Config } from '../../config/config.js';
import { connect, createDataSource, migrate } from '../../database/data-source.js';
import { startEmbedded } from '../../embedded/embedded.js';
import { setUp } from '../../setup/setup.js';

const report = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * Runs `work` with the database of DATABASE_URL, else with the embedded one, which is started for it or shared with a
 * service that uses it already. The schema is brought up to date first.
 */
export async function withDatabase<T>(work: (dataSource: DataSource, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig();
  const { DATA_DIR: dataDir, STORE_DIR: storeDir } = config;
  let databaseUrl = config.DATABASE_URL;
  let stop = (): Promise<void> => Promise.resolve();
  if (databaseUrl === undefined) {
    const embedded = await startEmbedded({ kafka: false, postgres: true, dataDir, storeDir, report });
    databaseUrl = embedded.databaseUrl ?? '';
    stop = () => embedded.stop();
  }
  try {
    const dataSource = createDataSource(databaseUrl, 4, (error) => report(error.message));
    await connect(dataSource, databaseUrl);
    try {
      await migrate(dataSource);
      return await work(dataSource, config);
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await stop();
  }
}

/** What the model process needs to run: TensorFlow and the encoder, fetched if they are not there. */
export function setUpModel(config: Config): ReturnType<typeof setUp> {
  const { STORE_DIR: storeDir, TENSORFLOW: tensorflow, ENCODER_DIR: encoderDir } = config;
  return setUp({ storeDir, tensorflow, encoderDir, kafka: false, postgres: false }, report);
}
