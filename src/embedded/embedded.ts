/**
 * The embedded servers of a data folder.
 *
 * Each process that uses them has a file in `users/`; the last one to leave stops the servers. A process that was killed
 * does not count: its servers keep running, and the next process reuses them. All changes are made under the folder's lock.
 *
 * `installation.json` says which broker's and which database's data belong together. Offsets of one and tickets of the other
 * are one state: data that are gone or exchanged stop the start, and are never replaced by empty ones.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaEntry } from '../setup/kafka-jars.js';
import { withLock } from '../setup/lock.js';
import { postgresEntry } from '../setup/postgres-binaries.js';
import { requireTools } from '../setup/prerequisites.js';
import { BackgroundLoop } from '../processes/background-loop.js';
import { identify, isAlive, type ProcessIdentity } from '../processes/process-identity.js';
import type { Report } from '../setup/progress.js';
import { reachableStore } from '../setup/server-user.js';
import { explainFileError, SetupError } from '../setup/setup-error.js';
import { ensureEntry, isComplete, type StoreEntry } from '../setup/store.js';
import { ensureKafka, hasTopics, stopKafka } from './kafka.js';
import { ensurePostgres, hasDatabase, stopPostgres } from './postgres.js';
import { readState, writeState } from './state-file.js';

export interface EmbeddedOptions {
  kafka: boolean;
  postgres: boolean;
  /** Data of the servers; created if it does not exist */
  dataDir: string;
  storeDir: string;
  report: Report;
  /** Cancels the start; what it has started is stopped again */
  signal?: AbortSignal;
}

export interface EmbeddedServers {
  /** host:port, as in KAFKA_BROKERS */
  kafkaBrokers?: string;
  databaseUrl?: string;
  /** Stops the servers unless another process uses them. Within 5 s; may be called twice. */
  stop(): Promise<void>;
}

interface Server {
  name: string;
  address: string;
  process: ProcessIdentity;
  /** Of its data */
  dataId: string;
  /** Restarts it on the same port. */
  restart(): Promise<ProcessIdentity>;
}

/** Of the data that belong to the folder; absent what has never been started */
interface Installation {
  kafkaCluster: string;
  postgresSystem: string;
}

const installationFile = (dataDir: string): string => join(dataDir, 'installation.json');
const watchIntervalMs = 500;
let userCount = 0;

/**
 * Reuses the servers that run on the data folder and starts the others. A server that dies later is restarted on the same
 * port.
 *
 * @throws SetupError if a server can't be started; the signal's reason once it is aborted
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServers> {
  const { dataDir } = options;
  try {
    await mkdir(join(dataDir, 'users'), { recursive: true });
  } catch (error) {
    throw explainFileError(error, dataDir);
  }
  const withDataLock = <T>(work: () => Promise<T>): Promise<T> => withLock(join(dataDir, 'embedded.lock'), work);
  userCount += 1;
  const userFile = join(dataDir, 'users', `${process.pid}-${userCount}.json`);
  const { kafka, postgres } = await withDataLock(async () => {
    if (!(await hasUsers(dataDir))) await stopServers(dataDir, { kafka: !options.kafka, postgres: !options.postgres });
    await writeFile(userFile, JSON.stringify(identify(process.pid)));
    try {
      return await startServers(options);
    } catch (error) {
      await leave(dataDir, userFile);
      throw error;
    }
  });
  const servers = [kafka, postgres].filter((server) => server !== undefined);
  const supervisor = superviseServers(servers, withDataLock, options.report);
  let stopped: Promise<void> | undefined;
  return {
    ...(kafka && { kafkaBrokers: kafka.address }),
    ...(postgres && { databaseUrl: postgres.address }),
    stop: () => (stopped ??= supervisor.stop().then(() => withDataLock(() => leave(dataDir, userFile)))),
  };
}

async function startServers(options: EmbeddedOptions): Promise<{ kafka?: Server; postgres?: Server }> {
  const { dataDir } = options;
  const known = await readState<Installation>(installationFile(dataDir));
  const isUnknown = known.kafkaCluster === undefined && known.postgresSystem === undefined;
  if (isUnknown && options.kafka && options.postgres && !(await hasDatabase(dataDir)) && (await hasTopics(dataDir))) {
    throw new SetupError(
      `${dataDir} has the embedded Kafka's messages but no database: an empty one would miss every ticket that was read ` +
        `before. Restore the folder postgres from a copy. To start with nothing, move ${dataDir} away.`,
    );
  }
  // Both are awaited, so that a failure of one does not leave the other half started.
  const [kafka, postgres] = await Promise.allSettled([
    options.kafka ? startKafka(options, known.kafkaCluster ?? null) : undefined,
    options.postgres ? startPostgres(options, known.postgresSystem ?? null) : undefined,
  ]);
  if (kafka.status === 'rejected') throw kafka.reason;
  if (postgres.status === 'rejected') throw postgres.reason;
  const installation: Partial<Installation> = {
    ...known,
    ...(kafka.value && { kafkaCluster: kafka.value.dataId }),
    ...(postgres.value && { postgresSystem: postgres.value.dataId }),
  };
  await writeState(installationFile(dataDir), installation);
  return { ...(kafka.value && { kafka: kafka.value }), ...(postgres.value && { postgres: postgres.value }) };
}

async function startKafka(
  { dataDir, storeDir, report, signal }: EmbeddedOptions,
  known: string | null,
): Promise<Server> {
  const { java } = await requireTools(new Set(['java']));
  const isInstalled = await isComplete(join(storeDir, kafkaEntry('').name));
  const entry = kafkaEntry(isInstalled ? '' : (await requireTools(new Set(['maven']))).maven);
  const jars = await ensurePrograms(storeDir, entry, report, signal);
  const { brokers, process, clusterId } = await ensureKafka({ dataDir, jars, java, clusterId: known, signal }, report);
  const restart = async (): Promise<ProcessIdentity> =>
    (await ensureKafka({ dataDir, jars, java, clusterId, keepPort: true }, report)).process;
  return { name: 'Kafka', address: brokers, process, dataId: clusterId, restart };
}

async function startPostgres(
  { dataDir, storeDir, report, signal }: EmbeddedOptions,
  known: string | null,
): Promise<Server> {
  const programs = await ensurePrograms(reachableStore(storeDir), postgresEntry(), report, signal);
  const { url, process, systemId } = await ensurePostgres({ dataDir, programs, systemId: known, signal }, report);
  const restart = async (): Promise<ProcessIdentity> =>
    (await ensurePostgres({ dataDir, programs, systemId, keepPort: true }, report)).process;
  return { name: 'PostgreSQL', address: url, process, dataId: systemId, restart };
}

async function ensurePrograms(
  storeDir: string,
  entry: StoreEntry,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<string> {
  const folder = join(storeDir, entry.name);
  return (await isComplete(folder)) ? folder : ensureEntry(storeDir, entry, report, signal);
}

/** Restarts a server that died. */
function superviseServers(
  servers: Server[],
  withDataLock: <T>(work: () => Promise<T>) => Promise<T>,
  report: Report,
): BackgroundLoop {
  const restartDead = async (): Promise<void> => {
    for (const server of servers.filter(({ process }) => !isAlive(process))) {
      report(`${server.name} has died (process ${server.process.pid}): restarting it`);
      try {
        server.process = await withDataLock(() => server.restart());
      } catch (error) {
        report(`${server.name} could not be restarted: ${String(error)}`);
      }
    }
  };
  const loop = new BackgroundLoop({
    run: restartDead,
    onError: (error) => report(String(error)),
    intervalMs: watchIntervalMs,
    startDelayMs: watchIntervalMs,
  });
  loop.start();
  return loop;
}

async function leave(dataDir: string, userFile: string): Promise<void> {
  await rm(userFile, { force: true });
  if (!(await hasUsers(dataDir))) await stopServers(dataDir, { kafka: true, postgres: true });
}

async function stopServers(dataDir: string, which: { kafka: boolean; postgres: boolean }): Promise<void> {
  await Promise.all([which.kafka && stopKafka(dataDir), which.postgres && stopPostgres(dataDir)]);
}

/** Whether a living process uses the servers. The files of dead ones are removed. */
async function hasUsers(dataDir: string): Promise<boolean> {
  const folder = join(dataDir, 'users');
  let found = false;
  for (const name of await readdir(folder)) {
    // A truncated file belongs to a process that was killed while writing it, because this one holds the lock.
    const user = await readState<ProcessIdentity>(join(folder, name)).catch((): Partial<ProcessIdentity> => ({}));
    if (user.pid !== undefined && user.started !== undefined && isAlive({ pid: user.pid, started: user.started })) {
      found = true;
    } else await rm(join(folder, name), { force: true });
  }
  return found;
}
