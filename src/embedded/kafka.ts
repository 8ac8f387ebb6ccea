/** The embedded Apache Kafka broker (KRaft: broker and controller in one process) */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../setup/progress.js';
import type { ProcessIdentity } from '../processes/process-identity.js';
import { runProgram } from '../setup/program.js';
import { SetupError } from '../setup/setup-error.js';
import { isBrokerReady } from './kafka-probe.js';
import { choosePort, isFree, maxPortAttempts } from './ports.js';
import { findProcesses, startDetached, stopProcesses, waitUntilReady, worksIn } from './server-process.js';
import { readState, writeState } from './state-file.js';

export interface RunningKafka {
  brokers: string;
  process: ProcessIdentity;
  /** Of the storage */
  clusterId: string;
}

interface State {
  port: number;
  controllerPort: number;
}

/** A message of 10 MB with its key and headers */
const maxBatchBytes = 12 * 1024 * 1024;
/** Folder of the messages, below the data folder */
const storageName = 'kafka';
const stateFile = (dataDir: string): string => join(dataDir, 'kafka.json');
const propertiesFile = (dataDir: string): string => join(dataDir, 'kafka.properties');

export interface KafkaOptions {
  dataDir: string;
  /** Folder with the broker's jars */
  jars: string;
  java: string;
  keepPort?: boolean;
  /** The storage that belongs to this folder; null where there has been none */
  clusterId?: string | null;
  signal?: AbortSignal | undefined;
}

/**
 * Reuses the broker that runs on this data folder, or starts one; the first start formats the storage.
 *
 * The caller holds the data folder's lock.
 *
 * @throws SetupError where the storage is gone, incomplete or another one; nothing is changed then
 */
export async function ensureKafka(options: KafkaOptions, report: Report): Promise<RunningKafka> {
  const { dataDir } = options;
  const known = await readState<State>(stateFile(dataDir));
  const found = await requireOwnStorage(options);
  const [running] = findProcesses(isBrokerOf(dataDir));
  if (running && found && known.port && (await isBrokerReady(known.port))) {
    report(`Kafka: already running (process ${running.pid}, port ${known.port})`);
    return { brokers: `127.0.0.1:${known.port}`, process: running, clusterId: found };
  }
  await stopKafka(dataDir);
  const clusterId = found ?? (await formatStorage(options));
  for (let attempt = 1; ; attempt += 1) {
    const port = options.keepPort && known.port ? known.port : await choosePort(known.port);
    const state = { port, controllerPort: await choosePort(known.controllerPort, [port]) };
    await writeState(stateFile(dataDir), state);
    await writeFile(propertiesFile(dataDir), properties(dataDir, state));
    try {
      const process = await start(options, port);
      report(`Kafka: running (process ${process.pid}, port ${port})`);
      return { brokers: `127.0.0.1:${port}`, process, clusterId };
    } catch (error) {
      // Another process may have taken a port meanwhile.
      const isTaken = !(await isFree(port)) || !(await isFree(state.controllerPort));
      if (!isTaken || options.keepPort || attempt === maxPortAttempts) throw error;
    }
  }
}

export async function stopKafka(dataDir: string): Promise<void> {
  await stopProcesses(findProcesses(isBrokerOf(dataDir)), [
    { name: 'SIGTERM', waitMs: 3_500 },
    { name: 'SIGKILL', waitMs: 1_000 },
  ]);
}

const isBrokerOf = (dataDir: string) => (words: string[], pid: number) =>
  words.includes('kafka.Kafka') && (words.includes(propertiesFile(dataDir)) || worksIn(pid, dataDir));

/** Whether messages may have been written: topics have been created. */
export async function hasTopics(dataDir: string): Promise<boolean> {
  const names = await readdir(join(dataDir, storageName)).catch((): string[] => []);
  return names.some((name) => /-\d+$/.test(name) && !name.startsWith('__'));
}

/** @returns the storage's cluster id; null where there is no storage and none is expected */
async function requireOwnStorage({ dataDir, clusterId: expected = null }: KafkaOptions): Promise<string | null> {
  const storage = join(dataDir, storageName);
  const anew = `To start with an empty broker, which loses the messages that were not read yet, move ${dataDir} away`;
  if (!existsSync(storage)) {
    if (expected === null) return null;
    throw new SetupError(`The embedded Kafka's data, ${storage}, are gone. Restore them from a copy. ${anew}.`);
  }
  const properties = await readFile(join(storage, 'meta.properties'), 'utf8').catch(() => '');
  const clusterId = /^cluster\.id=(.+)$/m.exec(properties)?.[1]?.trim();
  if (clusterId === undefined) {
    throw new SetupError(
      `${storage} is no complete Kafka storage: meta.properties is missing. Nothing was changed. ${anew}.`,
    );
  }
  if (expected !== null && clusterId !== expected) {
    throw new SetupError(
      `${storage} is the storage of another broker (cluster ${clusterId}, not ${expected}). Nothing was changed. ` +
        `Put the right folder back. ${anew}.`,
    );
  }
  return clusterId;
}

function properties(dataDir: string, { port, controllerPort }: State, storage = storageName): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(dataDir, storage),
    'num.partitions': 4,
    'message.max.bytes': maxBatchBytes,
    'replica.fetch.max.bytes': maxBatchBytes,
    // A single broker: no replicas.
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.num.partitions': 1,
    // The first join takes 0.05 s instead of 3.3 s, and a killed broker is back in 4.5 s instead of 13 s.
    'group.initial.rebalance.delay.ms': 0,
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    'group.min.session.timeout.ms': 1000,
    // Messages are kept for a week; offsets for longer, so that a service that was off continues where it stopped.
    'log.retention.hours': 168,
    'offsets.retention.minutes': 30 * 24 * 60,
    'log.segment.bytes': 128 * 1024 * 1024,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}\n`)
    .join('');
}

/** Java reads properties as Latin-1 with escapes. */
function escapeProperty(text: string): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, escaped);
}

/** Kafka's tool mistakes an id that starts with a dash for an option: the first bit is cleared. */
export function toClusterId(bytes: Buffer): string {
  const [first = 0, ...rest] = bytes;
  return Buffer.from([first & 0x7f, ...rest]).toString('base64url');
}

/** Under a temporary name until it is complete: an interrupted start leaves nothing that looks like a storage. */
async function formatStorage({ dataDir, jars, java }: KafkaOptions): Promise<string> {
  const temporary = 'kafka.new';
  const file = join(dataDir, 'format.properties');
  await rm(join(dataDir, temporary), { recursive: true, force: true });
  await writeFile(file, properties(dataDir, { port: 1, controllerPort: 2 }, temporary));
  const cluster = toClusterId(randomBytes(16));
  const { code, stdout, stderr } = await runProgram(
    java,
    ['-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', '-cp', join(jars, '*'), 'kafka.tools.StorageTool'].concat([
      'format',
      '-t',
      cluster,
      '-c',
      file,
    ]),
  );
  await rm(file, { force: true });
  if (code !== 0)
    throw new SetupError(`Kafka's storage could not be created in ${dataDir}: ${(stderr || stdout).trim()}`);
  await rename(join(dataDir, temporary), join(dataDir, storageName));
  return cluster;
}

async function start({ dataDir, jars, java, signal }: KafkaOptions, port: number): Promise<ProcessIdentity> {
  const logFile = join(dataDir, 'kafka.log');
  const logging = { defaultLogLevel: 'warn', showDateTime: 'true', dateTimeFormat: "yyyy-MM-dd'T'HH:mm:ss.SSSZ" };
  const process = await startDetached({
    file: java,
    args: [
      ...['-Xmx512m', '-XX:+ExitOnOutOfMemoryError', '-XX:-UsePerfData', '-Djava.awt.headless=true'],
      ...Object.entries(logging).map(([name, value]) => `-Dorg.slf4j.simpleLogger.${name}=${value}`),
      ...['-cp', join(jars, '*'), 'kafka.Kafka', propertiesFile(dataDir)],
    ],
    cwd: dataDir,
    logFile,
  });
  await waitUntilReady({ name: 'Kafka', process, logFile, signal }, () => isBrokerReady(port), 120_000);
  return process;
}
