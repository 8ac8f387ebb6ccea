/** The embedded PostgreSQL */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import pg from 'pg';
import type { Report } from '../setup/progress.js';
import { identify, isAlive, type ProcessIdentity } from '../processes/process-identity.js';
import { runProgram } from '../setup/program.js';
import { isReachable, openFolder, serverUser } from '../setup/server-user.js';
import { SetupError } from '../setup/setup-error.js';
import { choosePort, isFree, maxPortAttempts } from './ports.js';
import { findProcesses, startDetached, stopProcesses, waitUntilReady, worksIn } from './server-process.js';
import { readState, writeState } from './state-file.js';

export interface RunningPostgres {
  url: string;
  process: ProcessIdentity;
  /** PostgreSQL's own identifier of the database cluster */
  systemId: string;
}

interface State {
  port: number;
  password: string;
  /** Folder of the database, where the server's user can't read the data folder; else it is `postgres` below that */
  place: string;
}

export interface PostgresOptions {
  dataDir: string;
  /** Folder with bin/, lib/ and share/ */
  programs: string;
  keepPort?: boolean;
  /** The database cluster that belongs to this folder; null where there has been none */
  systemId?: string | null;
  signal?: AbortSignal | undefined;
}

const role = 'replyrank';
const stateFile = (dataDir: string): string => join(dataDir, 'postgres.json');
/** Beside a database outside the data folder: the folder that it belongs to */
const ownerFile = (place: string): string => join(place, 'data-folder');
/** Left beside the data by a first start that was interrupted */
const unfinished = ['data.new', 'password'];
const ownFiles = [...unfinished, 'data-folder'];

/**
 * Reuses the server that runs on this data folder, or starts one; the first start creates the database.
 *
 * Data are trusted, the state file is not: a database whose state file is gone gets a new password, and one that is gone,
 * incomplete or another one is never replaced by an empty one.
 *
 * The caller holds the data folder's lock.
 *
 * @throws SetupError where the database is gone, incomplete or another one; nothing is changed then
 */
export async function ensurePostgres(options: PostgresOptions, report: Report): Promise<RunningPostgres> {
  const { dataDir, programs, signal } = options;
  const known = await readState<State>(stateFile(dataDir));
  const place = locate(dataDir, known.place);
  const exists = await requireOwnDatabase(place, options);
  const running = findProcesses(isServerOf(place))[0];
  const runningState = running && stateOfRunning(known, place);
  if (running && runningState && (await isReady(runningState))) {
    report(`PostgreSQL: already running (process ${running.pid}, port ${runningState.port})`);
    return { url: databaseUrl(runningState), process: running, systemId: await systemIdOf(place) };
  }
  await stopPostgresAt(place);
  const password = known.password ?? randomBytes(24).toString('base64url');
  if (!exists) await initialise(programs, { place, password });
  await requireSameVersion(programs, place);
  if (exists && known.password === undefined) {
    await resetPassword(programs, { place, password });
    report(`PostgreSQL: ${stateFile(dataDir)} was missing; the database in ${place} has a new password`);
  }
  for (let attempt = 1; ; attempt += 1) {
    const port = options.keepPort && known.port ? known.port : await choosePort(known.port);
    const state = { port, password, place };
    const isInside = place === inside(dataDir);
    await writeState(stateFile(dataDir), { port, password, ...(!isInside && { place }) });
    if (!isInside) await writeFile(ownerFile(place), dataDir);
    try {
      const process = await start({ programs, dataDir, signal }, state);
      report(`PostgreSQL: running (process ${process.pid}, port ${port})`);
      return { url: databaseUrl(state), process, systemId: await systemIdOf(place) };
    } catch (error) {
      // Another process may have taken the port meanwhile.
      if (options.keepPort || attempt === maxPortAttempts || (await isFree(port))) throw error;
    }
  }
}

const stateOfRunning = ({ port, password }: Partial<State>, place: string): State | undefined =>
  port === undefined || password === undefined ? undefined : { port, password, place };

/** Fast shutdown: running statements are cancelled, nothing committed is lost. */
export async function stopPostgres(dataDir: string): Promise<void> {
  const { place } = await readState<State>(stateFile(dataDir));
  await stopPostgresAt(locate(dataDir, place));
}

/** Deletes the database, also if it is not in the data folder. */
export async function erasePostgres(dataDir: string): Promise<void> {
  const place = locate(dataDir, (await readState<State>(stateFile(dataDir))).place);
  await stopPostgresAt(place);
  await rm(place, { recursive: true, force: true });
  await rm(stateFile(dataDir), { force: true });
}

/** Whether the database of a data folder has been created. */
export async function hasDatabase(dataDir: string): Promise<boolean> {
  return existsSync(versionFile(locate(dataDir, (await readState<State>(stateFile(dataDir))).place)));
}

const inside = (dataDir: string): string => join(dataDir, 'postgres');
const versionFile = (place: string): string => join(place, 'data', 'PG_VERSION');

/** @param known as the state file names it; of older versions also a folder inside, which may have been moved since */
function locate(dataDir: string, known: string | undefined): string {
  const own = inside(dataDir);
  if (existsSync(versionFile(own))) return own;
  if (known !== undefined && basename(known) !== basename(own)) return known;
  if (serverUser() === undefined || isReachable(dataDir)) return own;
  return openFolder(createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
}

/** @returns whether there is one; false only where none is expected and nothing would be written over */
async function requireOwnDatabase(place: string, { dataDir, systemId = null }: PostgresOptions): Promise<boolean> {
  const anew = `To start with an empty database, move ${dataDir} away`;
  const owner = await readFile(ownerFile(place), 'utf8').catch(() => null);
  if (owner !== null && owner !== dataDir && existsSync(stateFile(owner)) && place !== inside(dataDir)) {
    throw new SetupError(
      `${stateFile(dataDir)} names the database in ${place}, which belongs to ${owner}. A copy of a data folder needs a ` +
        `database of its own. ${anew}.`,
    );
  }
  if (existsSync(versionFile(place))) {
    const found = await systemIdOf(place);
    if (systemId === null || found === systemId) return true;
    throw new SetupError(
      `${place} is another database (system ${found}, not ${systemId}) than the one that belongs to this folder. ` +
        `Nothing was changed. Put the right folder back. ${anew}.`,
    );
  }
  const left = (await readdir(place).catch((): string[] => [])).filter((name) => !ownFiles.includes(name));
  if (left.length > 0) {
    throw new SetupError(
      `${place} holds no complete database (data/PG_VERSION is missing) but ${left.join(', ')}. Nothing was changed. ` +
        `Restore it from a copy. ${anew}.`,
    );
  }
  if (systemId === null) return false;
  throw new SetupError(`The embedded database in ${place} is gone. Restore it from a copy. ${anew}.`);
}

/** Of a database that is there: the first eight bytes of its control file, little-endian. */
async function systemIdOf(place: string): Promise<string> {
  const control = await readFile(join(place, 'data', 'global', 'pg_control'));
  return control.readBigUInt64LE(0).toString();
}

/** Without a server: who can write the files needs no password. */
async function resetPassword(programs: string, { place, password }: Pick<State, 'place' | 'password'>): Promise<void> {
  await removeStalePidFile(join(place, 'data'));
  const user = serverUser();
  const { code, stderr } = await runProgram(
    join(programs, 'bin', 'postgres'),
    ['--single', '-D', join(place, 'data'), 'postgres'],
    { cwd: '/', input: `ALTER ROLE ${role} PASSWORD '${password}';\n`, ...(user && { user }) },
  );
  if (code !== 0 || /ERROR|FATAL/.test(stderr)) {
    throw new SetupError(`The password of the database in ${place} could not be set anew: ${stderr.trim()}`);
  }
}

const isServerOf = (place: string) => (words: string[], pid: number) =>
  words[0]?.endsWith('/postgres') === true &&
  words.includes('-D') &&
  (words.includes(join(place, 'data')) || worksIn(pid, join(place, 'data')));

async function stopPostgresAt(place: string): Promise<void> {
  await stopProcesses(findProcesses(isServerOf(place)), [
    { name: 'SIGINT', waitMs: 3_000 },
    { name: 'SIGQUIT', waitMs: 500 },
    { name: 'SIGKILL', waitMs: 1_000 },
  ]);
}

async function initialise(programs: string, { place, password }: Pick<State, 'place' | 'password'>): Promise<void> {
  const user = serverUser();
  const [temporary, secret] = unfinished.map((name) => join(place, name)) as [string, string];
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
