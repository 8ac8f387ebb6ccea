/** A broker and a database that a bench may kill and restart: nothing supervises them. */
import { join } from 'node:path';
import { readConfig } from '../../src/config/config.js';
import { ensureKafka, stopKafka, type RunningKafka } from '../../src/embedded/kafka.js';
import { ensurePostgres, stopPostgres } from '../../src/embedded/postgres.js';
import { kafkaEntry } from '../../src/setup/kafka-jars.js';
import { postgresEntry } from '../../src/setup/postgres-binaries.js';
import { requireTools } from '../../src/setup/prerequisites.js';
import { reachableStore } from '../../src/setup/server-user.js';

export interface Servers {
  brokers: string[];
  /** Variables of a service that uses them. */
  environment: { KAFKA_BROKERS: string; DATABASE_URL: string };
  killKafka(): void;
  startKafka(): Promise<void>;
  stopKafka(): Promise<void>;
  startPostgres(): Promise<void>;
  stopPostgres(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both; setup must have run for the data folder. */
export async function startServers(dataDir: string): Promise<Servers> {
  const { STORE_DIR: store } = readConfig();
  const { java } = await requireTools(new Set(['java']));
  const jars = join(store, kafkaEntry('').name);
  const programs = join(reachableStore(store), postgresEntry().name);
  const quiet = (): void => undefined;
  const openKafka = (): Promise<RunningKafka> => ensureKafka({ dataDir, jars, java, keepPort: true }, quiet);
  const openPostgres = () => ensurePostgres({ dataDir, programs, keepPort: true }, quiet);
  let kafka = await openKafka();
  const postgres = await openPostgres();
  return {
    brokers: [kafka.brokers],
    environment: { KAFKA_BROKERS: kafka.brokers, DATABASE_URL: postgres.url },
    killKafka: () => void process.kill(kafka.process.pid, 'SIGKILL'),
    startKafka: async () => {
      kafka = await openKafka();
    },
    stopKafka: () => stopKafka(dataDir),
    startPostgres: async () => {
      await openPostgres();
    },
    stopPostgres: () => stopPostgres(dataDir),
    stop: async () => {
      await Promise.all([stopKafka(dataDir), stopPostgres(dataDir)]);
    },
  };
}
