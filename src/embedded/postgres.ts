/** A PostgreSQL of our own, for a machine that has none running. */
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
import { choosePort, isFree, portTries } from './ports.js';
import { findProcesses, startDetached, stopProcesses, waitUntilReady } from './server-process.js';
import { readState, writeState } from './state-file.js';

export interface RunningPostgres {
  url: string;
  process: ProcessIdentity;
}

interface State {
  port: number;
  password: string;
  /** Where the database lies: below the data folder, or elsewhere if that is closed to the server's user */
  place: string;
}

const role = 'replyrank';
const stateFile = (dataDir: string): string => join(dataDir, 'postgres.json');

/**
 * Takes over the server that runs on this data folder, or starts one; the first time it makes the database.
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
  const place = known.place ?? choosePlace(dataDir);
  const password = known.password ?? randomBytes(24).toString('base64url');
  const [running] = findProcesses(serves(place));
  if (running && known.port && (await answers({ port: known.port, password }))) {
    report(`PostgreSQL: already running (process ${running.pid}, port ${known.port})`);
    return { url: urlOf({ port: known.port, password }), process: running };
  }
  await stopPostgresAt(place);
  if (!known.password) await rm(place, { recursive: true, force: true });
  for (let tries = 1; ; tries += 1) {
    const port = options.keepPort && known.port ? known.port : await choosePort(known.port);
    const state = { port, password, place };
    await writeState(stateFile(dataDir), state);
    if (!existsSync(join(place, 'data'))) await initialise(programs, state);
    await requireSameVersion(programs, place);
    try {
      const process = await start({ programs, dataDir, signal }, state);
      report(`PostgreSQL: running (process ${process.pid}, port ${port})`);
      return { url: urlOf(state), process };
    } catch (error) {
      // Somebody else may have taken the port between the choice and the start.
      if (options.keepPort || tries === portTries || (await isFree(port))) throw error;
    }
  }
}

/** Fast shut-down: running statements are cut off, nothing that was committed is lost. */
export async function stopPostgres(dataDir: string): Promise<void> {
  const { place } = await readState<State>(stateFile(dataDir));
  if (place) await stopPostgresAt(place);
}

/** Removes the database for good, also where it does not lie in the data folder. */
export async function erasePostgres(dataDir: string): Promise<void> {
  const { place } = await readState<State>(stateFile(dataDir));
  if (!place) return;
  await stopPostgresAt(place);
  await rm(place, { recursive: true, force: true });
  await rm(stateFile(dataDir), { force: true });
}

function choosePlace(dataDir: string): string {
  if (serverUser() === undefined || isReachable(dataDir)) return join(dataDir, 'postgres');
  return openFolder(createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
}

const serves = (place: string) => (words: string[]) =>
  words[0]?.endsWith('/postgres') === true && words.includes(join(place, 'data'));

async function stopPostgresAt(place: string): Promise<void> {
  await stopProcesses(findProcesses(serves(place)), [
    { name: 'SIGINT', waitMs: 3_000 },
    { name: 'SIGQUIT', waitMs: 500 },
    { name: 'SIGKILL', waitMs: 1_000 },
  ]);
}

async function initialise(programs: string, { place, password }: State): Promise<void> {
  const user = serverUser();
  const [fresh, secret] = [join(place, 'data.new'), join(place, 'password')];
  await rm(fresh, { recursive: true, force: true });
  await mkdir(place, { recursive: true, mode: 0o755 });
  await writeFile(secret, password, { mode: 0o600 });
  if (user) for (const path of [place, secret]) await chown(path, user.uid, user.gid);
  const { code, stderr, stdout } = await runProgram(
    join(programs, 'bin', 'initdb'),
    [
      '-D',
      fresh,
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
  if (code !== 0) throw new SetupError(`The database could not be made in ${place}: ${(stderr || stdout).trim()}`);
  // A name of its own until it is whole: an interrupted start leaves nothing that looks like a database.
  await rename(fresh, join(place, 'data'));
}

async function requireSameVersion(programs: string, place: string): Promise<void> {
  const made = (await readFile(join(place, 'data', 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await runProgram(join(programs, 'bin', 'postgres'), ['--version']);
  const major = / (\d+)/.exec(stdout)?.[1];
  if (made === major) return;
  throw new SetupError(
    `The database in ${place} was made by PostgreSQL ${made}, and this is ${stdout.trim()}: ` +
      'move it over with pg_dump of the old version, or name an empty DATA_DIR.',
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
  // After its parent was killed, a worker may hold on to the old shared memory for a moment; then a start fails at once.
  for (const limit = Date.now() + 15_000; ;) {
    await dropForeignPidFile(data);
    const process = await startDetached(command);
    try {
      await waitUntilReady({ name: 'PostgreSQL', process, logFile, signal }, () => answers(state), 120_000);
      await createDatabase(state);
      return process;
    } catch (error) {
      if (isAlive(process) || Date.now() > limit || !(await isFree(state.port))) throw error;
    }
  }
}

/**
 * Of a server that was killed, PostgreSQL clears the pid file away itself, once nobody uses the old shared memory. But
 * it refuses to start where the number is another program's by now, as after the restart of a container.
 */
async function dropForeignPidFile(data: string): Promise<void> {
  const path = join(data, 'postmaster.pid');
  const pid = Number((await readFile(path, 'utf8').catch(() => '')).split('\n')[0]);
  // Ours have been stopped before: whoever has this number is not a server on this data.
  if (pid > 0 && identify(pid)) await rm(path, { force: true });
}

const urlOf = ({ port, password }: Pick<State, 'port' | 'password'>, database = role): string =>
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

async function answers(state: Pick<State, 'port' | 'password'>): Promise<boolean> {
  return query(urlOf(state, 'postgres'), 'SELECT 1').then(
    () => true,
    () => false,
  );
}

async function createDatabase(state: State): Promise<void> {
  const found = await query(urlOf(state, 'postgres'), `SELECT 1 FROM pg_database WHERE datname = '${role}'`);
  if (found.length === 0) await query(urlOf(state, 'postgres'), `CREATE DATABASE ${role}`);
}
