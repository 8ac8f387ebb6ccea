/**
 * The embedded servers of one data folder.
 *
 * Whoever uses them puts its name down in `users/`; the last to leave stops them. A user that was killed is no user: its
 * servers go on, and the next one takes them over. All that changes anything is done under the folder's lock.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaEntry } from '../setup/kafka-jars.js';
import { withLock } from '../setup/lock.js';
import { postgresEntry } from '../setup/postgres-binaries.js';
import { requireTools } from '../setup/prerequisites.js';
import { identify, isAlive, type ProcessIdentity } from '../processes/process-identity.js';
import type { Report } from '../setup/progress.js';
import { reachableStore } from '../setup/server-user.js';
import { explainFileError } from '../setup/setup-error.js';
import { ensureEntry, isWhole, type StoreEntry } from '../setup/store.js';
import { ensureKafka, stopKafka } from './kafka.js';
import { ensurePostgres, stopPostgres } from './postgres.js';
import { readState } from './state-file.js';

export interface EmbeddedOptions {
  kafka: boolean;
  postgres: boolean;
  /** State of the servers; made if it is not there */
  dataDir: string;
  storeDir: string;
  report: Report;
  /** Ends the start early; what it had started by then is stopped again */
  signal?: AbortSignal;
}

export interface EmbeddedServers {
  /** host:port, as KAFKA_BROKERS would name it */
  kafkaBrokers?: string;
  databaseUrl?: string;
  /** Leaves the servers, and stops them if nobody else uses them. Within 5 s; calling it twice does no harm. */
  stop(): Promise<void>;
}

interface Server {
  name: string;
  address: string;
  process: ProcessIdentity;
  /** Starts it again on the same port. */
  restart(): Promise<ProcessIdentity>;
}

const watchEveryMs = 500;
let users = 0;

/**
 * Takes over the servers that run on the data folder, and starts those that do not. One that dies afterwards is started
 * again at once, on the same port.
 *
 * @throws SetupError where a server can't be started; the signal's reason once it is aborted
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServers> {
  const { dataDir } = options;
  try {
    await mkdir(join(dataDir, 'users'), { recursive: true });
  } catch (error) {
    throw explainFileError(error, dataDir);
  }
  const locked = <T>(work: () => Promise<T>): Promise<T> => withLock(join(dataDir, 'embedded.lock'), work);
  users += 1;
  const name = join(dataDir, 'users', `${process.pid}-${users}.json`);
  const { kafka, postgres } = await locked(async () => {
    if (!(await hasUsers(dataDir))) await stopServers(dataDir, { kafka: !options.kafka, postgres: !options.postgres });
    await writeFile(name, JSON.stringify(identify(process.pid)));
    try {
      return await startServers(options);
    } catch (error) {
      await leave(dataDir, name);
      throw error;
    }
  });
  const servers = [kafka, postgres].filter((server) => server !== undefined);
  const watch = watchOver(servers, locked, options.report);
  let stopped: Promise<void> | undefined;
  return {
    ...(kafka && { kafkaBrokers: kafka.address }),
    ...(postgres && { databaseUrl: postgres.address }),
    stop: () => (stopped ??= watch.stop().then(() => locked(() => leave(dataDir, name)))),
  };
}

async function startServers(options: EmbeddedOptions): Promise<{ kafka?: Server; postgres?: Server }> {
  // Both are waited for: a failure of one must not leave the other half started behind our back.
  const [kafka, postgres] = await Promise.allSettled([
    options.kafka ? startKafka(options) : undefined,
    options.postgres ? startPostgres(options) : undefined,
  ]);
  if (kafka.status === 'rejected') throw kafka.reason;
  if (postgres.status === 'rejected') throw postgres.reason;
  return { ...(kafka.value && { kafka: kafka.value }), ...(postgres.value && { postgres: postgres.value }) };
}

async function startKafka({ dataDir, storeDir, report, signal }: EmbeddedOptions): Promise<Server> {
  const { java } = await requireTools(new Set(['java']));
  const there = await isWhole(join(storeDir, kafkaEntry('').name));
  const entry = kafkaEntry(there ? '' : (await requireTools(new Set(['maven']))).maven);
  const jars = await programsOf(storeDir, entry, report, signal);
  const { brokers, process } = await ensureKafka({ dataDir, jars, java, signal }, report);
  const restart = async (): Promise<ProcessIdentity> =>
    (await ensureKafka({ dataDir, jars, java, keepPort: true }, report)).process;
  return { name: 'Kafka', address: brokers, process, restart };
}

async function startPostgres({ dataDir, storeDir, report, signal }: EmbeddedOptions): Promise<Server> {
  const programs = await programsOf(reachableStore(storeDir), postgresEntry(), report, signal);
  const { url, process } = await ensurePostgres({ dataDir, programs, signal }, report);
  const restart = async (): Promise<ProcessIdentity> =>
    (await ensurePostgres({ dataDir, programs, keepPort: true }, report)).process;
  return { name: 'PostgreSQL', address: url, process, restart };
}

async function programsOf(
  storeDir: string,
  entry: StoreEntry,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<string> {
  const folder = join(storeDir, entry.name);
  return (await isWhole(folder)) ? folder : ensureEntry(storeDir, entry, report, signal);
}

/** Starts a server that died, as a supervisor would. */
function watchOver(
  servers: Server[],
  locked: <T>(work: () => Promise<T>) => Promise<T>,
  report: Report,
): { stop(): Promise<void> } {
  let busy = Promise.resolve();
  const look = async (): Promise<void> => {
    for (const server of servers.filter(({ process }) => !isAlive(process))) {
      report(`${server.name} is gone (process ${server.process.pid}): starting it again`);
      try {
        server.process = await locked(() => server.restart());
      } catch (error) {
        report(`${server.name} could not be started again: ${String(error)}`);
      }
    }
  };
  let idle = true;
  const timer = setInterval(() => {
    if (!idle) return;
    idle = false;
    busy = look().finally(() => (idle = true));
  }, watchEveryMs).unref();
  return {
    stop: () => {
      clearInterval(timer);
      return busy;
    },
  };
}

async function leave(dataDir: string, name: string): Promise<void> {
  await rm(name, { force: true });
  if (!(await hasUsers(dataDir))) await stopServers(dataDir, { kafka: true, postgres: true });
}

async function stopServers(dataDir: string, which: { kafka: boolean; postgres: boolean }): Promise<void> {
  await Promise.all([which.kafka && stopKafka(dataDir), which.postgres && stopPostgres(dataDir)]);
}

/** Whether a living process uses the servers. The names of dead ones are crossed out. */
async function hasUsers(dataDir: string): Promise<boolean> {
  const folder = join(dataDir, 'users');
  let found = false;
  for (const name of await readdir(folder)) {
    // A name that is cut short is that of a process that was killed while it wrote: we hold the lock.
    const user = await readState<ProcessIdentity>(join(folder, name)).catch((): Partial<ProcessIdentity> => ({}));
    if (user.pid !== undefined && user.started !== undefined && isAlive({ pid: user.pid, started: user.started })) {
      found = true;
    } else await rm(join(folder, name), { force: true });
  }
  return found;
}
