/** The application as a test uses it: a database and topics of its own, real HTTP, and a memory of what it logged. */
import type { NestExpressApplication } from '@nestjs/platform-express';
import { pino, type Logger } from 'pino';
import supertest, { type Response, type Test } from 'supertest';
import type { DataSource } from 'typeorm';
import { addToken } from '../../src/access/tokens.js';
import { readConfig, type ServiceConfig } from '../../src/config/config.js';
import { openApiDocument } from '../../src/http-server.js';
import { createApp, startService } from '../../src/main.js';
import { roles, type Role } from '../../src/records/access/api-token.entity.js';
import { setUp } from '../../src/setup/setup.js';
import { contractOf } from './contract.js';
import { freshDatabase } from './database.js';
import { testConfig } from './kafka.js';

export interface TestApp {
  app: NestExpressApplication;
  config: ServiceConfig;
  dataSource: DataSource;
  /** Every answer is held against the API's description; one that differs fails the stop. */
  request: Record<'get' | 'post' | 'patch', (path: string) => Test>;
  query: <T>(sql: string, parameters?: unknown[]) => Promise<T[]>;
  /** A bearer token of this role. */
  token: (role: Role) => string;
  /** `Authorization` of this role. */
  as: (role: Role) => { Authorization: string };
  /** Lines that were logged since the start; only where nothing runs by itself. */
  logged: string[];
  stop: () => Promise<void>;
}

type Started = Pick<TestApp, 'app' | 'config' | 'dataSource' | 'logged' | 'stop'>;

/** Routes only: nothing is read from Kafka or ranked. */
export async function routesOnly(environment: Record<string, string> = {}): Promise<TestApp> {
  const { url, source, drop } = await freshDatabase();
  const config = testConfig(url, environment);
  const logged: string[] = [];
  const log: Logger = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  const app = await createApp(config, source, log);
  // Waited for here, so that every request finds the same port.
  await app.listen(0, '127.0.0.1');
  const stop = async (): Promise<void> => {
    await app.close();
    await drop();
  };
  return withTokens({ app, config, dataSource: source, logged, stop });
}

/** The whole service, with everything that runs by itself, the model process too. */
export async function wholeService(environment: Record<string, string> = {}): Promise<TestApp> {
  const { url, drop } = await freshDatabase();
  const config = { ...testConfig(url, { LOG_LEVEL: 'fatal', PORT: '0', ...environment }), ...(await model()) };
  const service = await startService(config, () => undefined);
  const stop = async (): Promise<void> => {
    await service.stop();
    await drop();
  };
  return withTokens({ ...service, config, logged: [], stop });
}

/** What the model process needs; the set-up is done already, so this takes a third of a second. */
export async function model(): Promise<Pick<ServiceConfig, 'ENCODER_DIR' | 'STORE_DIR' | 'tensorflow'>> {
  const { STORE_DIR } = readConfig();
  const wanted = { storeDir: STORE_DIR, tensorflow: 'cpu', kafka: false, postgres: false } as const;
  const { encoderDir, flavour, environment } = await setUp(wanted, () => undefined);
  return { ENCODER_DIR: encoderDir, STORE_DIR, tensorflow: { device: flavour, environment } };
}

async function withTokens(started: Started): Promise<TestApp> {
  const { app, dataSource } = started;
  const secrets = new Map<Role, string>();
  for (const role of roles) {
    const secret = await addToken(dataSource.manager, { name: `the ${role}`, role, actor: 'test' });
    secrets.set(role, secret ?? '');
  }
  const token = (role: Role): string => secrets.get(role) ?? '';
  const offences: string[] = [];
  const check = contractOf(openApiDocument(app));
  const server = supertest(app.getHttpServer());
  const call = (method: 'get' | 'post' | 'patch') => (path: string) =>
    server[method](path).on('response', (response: Response) => {
      const offence = check(response);
      if (offence !== null) offences.push(offence);
    });
  const stop = async (): Promise<void> => {
    await started.stop();
    if (offences.length > 0) throw new Error(`not as described:\n${offences.join('\n')}`);
  };
  return {
    ...started,
    stop,
    request: { get: call('get'), post: call('post'), patch: call('patch') },
    query: (sql, parameters) => dataSource.query(sql, parameters),
    token,
    as: (role) => ({ Authorization: `Bearer ${token(role)}` }),
  };
}
