/** The embedded PostgreSQL */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Report } from '../setup/progress.js';
import { identify, isAlive, type ProcessIdentity } from '../processes/process-identity.js';
import { runProgram } from '../setup/program.js';
import { isReachable, openFolder, serverUser } from '../setup/server-user.js';
import { SetupError } from '../setup/setup-error.js';
import { choosePort, isFree, maxPortAttempts } from './ports.js';
import { findProcesses, startDetached, stopProcesses, waitUntilReady } from './server-process.js';
import { readState, writeState } from './state-file.js';

export interface RunningPostgres {
  url: string;
  process: ProcessIdentity;
}

interface State {
  port: number;
  password: string;
  /** Folder of the database: below the data folder, or elsewhere if the server's user can't read that */
  place: string;
}

const role = 'replyrank';
const stateFile = (dataDir: string): string => join(dataDir, 'postgres.json');

/**
 * Reuses the server that runs on this data folder, or starts one; the first start creates the database.
 *
 * The caller holds the data folder's lock.
 *
 * @param programs folder with bin/, lib/ and share/
 */
export async function ensurePostgres(
  options: { dataDir: string; programs: string; keepPort?: boolean; signal?: AbortSignal | undefined },
  report: Report,
): Promise<RunningPostgres> {
  const { dataDir, programs, signal } = options;
  const known = await readState<State>(stateFile(dataDir));
  const place = known.place ?? chooseFolder(dataDir);
  const password = known.password ?? randomBytes(24).toString('base64url');
  const [running] = findProcesses(isServerOf(place));
  if (running && known.port && (await isReady({ port: known.port, password }))) {
    report(`PostgreSQL: already running (process ${running.pid}, port ${known.port})`);
    return { url: databaseUrl({ port: known.port, password }), process: running };
  }
  await stopPostgresAt(place);
  if (!known.password) await rm(place, { recursive: true, force: true });
  for (let attempt = 1; ; attempt += 1) {
    const port = options.keepPort && known.port ? known.port : await choosePort(known.port);
    const state = { port, password, place };
    await writeState(stateFile(dataDir), state);
    if (!existsSync(join(place, 'data'))) await initialise(programs, state);
    await requireSameVersion(programs, place);
    try {
      const process = await start({ programs, dataDir, signal }, state);
      report(`PostgreSQL: running (process ${process.pid}, port ${port})`);
      return { url: databaseUrl(state), process };
    } catch (error) {
      // Another process may have taken the port meanwhile.
      if (options.keepPort || attempt === maxPortAttempts || (await isFree(port))) throw error;
    }
  }
}

/** Fast shutdown: running statements are cancelled, nothing committed is lost. */
export async function stopPostgres(dataDir: string): Promise<void> {
  const { place } = await readState<State>(stateFile(dataDir));
  if (place) await stopPostgresAt(place);
}

/** Deletes the database, also if it is not in the data folder. */
export async function erasePostgres(dataDir: string): Promise<void> {
  const { place } = await readState<State>(stateFile(dataDir));
  if (!place) return;
  await stopPostgresAt(place);
  await rm(place, { recursive: true, force: true });
  await rm(stateFile(dataDir), { force: true });
}

function chooseFolder(dataDir: string): string {
  if (serverUser() === undefined || isReachable(dataDir)) return join(dataDir, 'postgres');
  return openFolder(createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
}

const isServerOf = (place: string) => (words: string[]) =>
  words[0]?.endsWith('/postgres') === true && words.includes(join(place, 'data'));

async function stopPostgresAt(place: string): Promise<void> {
  await stopProcesses(findProcesses(isServerOf(place)), [
    { name: 'SIGINT', waitMs: 3_000 },
    { name: 'SIGQUIT', waitMs: 500 },
    { name: 'SIGKILL', waitMs: 1_000 },
  ]);
}

async function initialise(programs: string, { place, password }: State): Promise<void> {
  const user = serverUser();
  const [temporary, secret] = [join(place, 'data.new'), join(place, 'password')];
  await rm(temporary, { recursive: true, force: true });
  await mkdir(place, { recursive: true, mode: 0o755 });
  await writeFile(secret, password, { mode: 0o600 });
  if (user) for (const path of [place, secret]) await chown(path, user.uid, user.gid);
  const { code, stderr, stdout } = await runProgram(
    join(programs, 'bin', 'initdb'),
    [
      '-D',
      temporary,
      '-U',
      role,
      `--pwfile=${secret}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-instructions',
    ].concat(['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']),
    { cwd: '/', ...(user && { user }) },
  );
  await rm(secret, { force: true });
  if (code !== 0) throw new SetupError(`The database could not be created in ${place}: ${(stderr || stdout).trim()}`);
  // Under a temporary name until it is complete: an interrupted start leaves nothing that looks like a database.
  await rename(temporary, join(place, 'data'));
}

async function requireSameVersion(programs: string, place: string): Promise<void> {
  const version = (await readFile(join(place, 'data', 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await runProgram(join(programs, 'bin', 'postgres'), ['--version']);
  const major = / (\d+)/.exec(stdout)?.[1];
  if (version === major) return;
  throw new SetupError(
    `The database in ${place} was created by PostgreSQL ${version}, but this is ${stdout.trim()}: ` +
      'migrate it with pg_dump of the old version, or set DATA_DIR to an empty folder.',
  );
}

async function start(
  { programs, dataDir, signal }: { programs: string; dataDir: string; signal: AbortSignal | undefined },
  state: State,
): Promise<ProcessIdentity> {
  const data = join(state.place, 'data');
  const settings = {
    port: state.port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    wal_level: 'minimal',
    max_wal_senders: 0,
    jit: 'off',
  };
  const logFile = join(dataDir, 'postgres.log');
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const command = { file: join(programs, 'bin', 'postgres'), args, cwd: '/', logFile, user: serverUser() };
  // After its parent was killed, a worker may hold the old shared memory for a moment, and a start fails at once.
  for (const deadline = Date.now() + 15_000; ;) {
    await removeStalePidFile(data);
    const process = await startDetached(command);
    try {
      await waitUntilReady({ name: 'PostgreSQL', process, logFile, signal }, () => isReady(state), 120_000);
      await createDatabase(state);
      return process;
    } catch (error) {
      if (isAlive(process) || Date.now() > deadline || !(await isFree(state.port))) throw error;
    }
  }
}

/**
 * PostgreSQL removes the pid file of a killed server itself, once the old shared memory is unused. But it refuses to start
 * if the pid has been reused by another program, as after the restart of a container.
 */
async function removeStalePidFile(data: string): Promise<void> {
  const path = join(data, 'postmaster.pid');
  const pid = Number((await readFile(path, 'utf8').catch(() => '')).split('\n')[0]);
  // Servers on this data have been stopped before: this pid belongs to another program.
  if (pid > 0 && identify(pid)) await rm(path, { force: true });
}

const databaseUrl = ({ port, password }: Pick<State, 'port' | 'password'>, database = role): string =>
  `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function isReady(state: Pick<State, 'port' | 'password'>): Promise<boolean> {
  return query(databaseUrl(state, 'postgres'), 'SELECT 1').then(
    () => true,
    () => false,
  );
}

async function createDatabase(state: State): Promise<void> {
  const found = await query(databaseUrl(state, 'postgres'), `SELECT 1 FROM pg_database WHERE datname = '${role}'`);
  if (found.length === 0) await query(databaseUrl(state, 'postgres'), `CREATE DATABASE ${role}`);
}
