/** Servers of the user's own that want TLS and a password: a broker with SASL_SSL, and a PostgreSQL with certificates. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { createDataSource } from '../../src/database/data-source.js';
import { startEmbedded, type EmbeddedServers } from '../../src/embedded/embedded.js';
import { erasePostgres } from '../../src/embedded/postgres.js';
import { choosePort } from '../../src/embedded/ports.js';
import { connectKafka, ensureTopics } from '../../src/ingest/kafka.js';
import { kafkaEntry } from '../../src/setup/kafka-jars.js';
import { requireTools } from '../../src/setup/prerequisites.js';
import { serverUser } from '../../src/setup/server-user.js';
import { produce, readTopic } from '../support/kafka.js';
import { waitFor } from '../support/waiting.js';

const { STORE_DIR } = readConfig();
const folder = mkdtempSync(join(tmpdir(), 'replyrank-secure-'));
const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
const password = 'a secret "of ours"';

beforeAll(() => {
  chmodSync(folder, 0o755);
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', [...args, '-subj', '/CN=127.0.0.1', '-addext', names, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a broker with SASL_SSL', () => {
  let broker: ChildProcess;
  let port = 0;

  const configOf = (mechanism: string, more: Record<string, string> = {}) => ({
    ...readConfig({
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      KAFKA_SSL: 'true',
      KAFKA_SSL_CA: certificate,
      KAFKA_SSL_CERT: certificate,
      KAFKA_SSL_KEY: key,
      KAFKA_SASL_MECHANISM: mechanism,
      KAFKA_SASL_USERNAME: 'replyrank',
      KAFKA_SASL_PASSWORD: password,
      ...more,
    }),
    KAFKA_BROKERS: [`127.0.0.1:${port}`],
  });

  async function canConnect(config: ReturnType<typeof configOf>): Promise<boolean> {
    const admin = connectKafka(config).admin({ retry: { retries: 0 } });
    try {
      await admin.connect();
      await admin.listTopics();
      return true;
    } catch {
      return false;
    } finally {
      await admin.disconnect();
    }
  }

  /** @param ports of the broker and of its controller */
  function settingsOf([own, controller]: readonly [number, number]): string {
    const pem = (path: string): string => readFileSync(path, 'utf8').trim().replaceAll('\n', '\\n');
    const quoted = password.replaceAll('"', '\\\\"');
    const jaas = `org.apache.kafka.common.security.plain.PlainLoginModule required user_replyrank="${quoted}" username="replyrank" password="${quoted}";`;
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: `SASL_SSL://127.0.0.1:${own},CONTROLLER://127.0.0.1:${controller}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'SASL_SSL',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
      'listener.name.sasl_ssl.plain.sasl.jaas.config': jaas,
      'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': pem(key),
      'ssl.keystore.certificate.chain': pem(certificate),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': pem(certificate),
      // For this listener by name: one with SASL asks for no certificate otherwise.
      'listener.name.sasl_ssl.ssl.client.auth': 'required',
      'log.dirs': join(folder, 'kafka'),
      'offsets.topic.replication.factor': 1,
      'offsets.topic.num.partitions': 1,
      'group.initial.rebalance.delay.ms': 0,
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }

  beforeAll(async () => {
    const { java } = await requireTools(new Set(['java']));
    const [jars, file] = [join(STORE_DIR, kafkaEntry('').name, '*'), join(folder, 'broker.properties')];
    writeFileSync(file, settingsOf([1, 2]));
    const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=replyrank,password=${password}]`,
    ]);
    execFileSync(
      java,
      ['-cp', jars, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', file, ...scram],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const isOver = (): boolean => broker.exitCode !== null;
    await waitFor('a broker that has its ports to itself', async () => {
      port = await choosePort(undefined);
      writeFileSync(file, settingsOf([port, await choosePort(undefined, [port])]));
      broker = spawn(java, ['-Xmx256m', '-cp', jars, 'kafka.Kafka', file], { stdio: 'ignore' });
      return waitFor('it to answer or to end', async () => isOver() || (await canConnect(configOf('plain')))).then(
        () => !isOver(),
      );
    });
  });
  afterAll(async () => {
    if (broker.exitCode !== null) return;
    broker.kill('SIGKILL');
    await once(broker, 'exit');
  });

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'])('is read and written with %s', async (mechanism) => {
    const topic = `secure-${mechanism}`;
    const kafka = connectKafka(configOf(mechanism));
    await ensureTopics(kafka, [topic], 1);
    await produce(kafka, topic, [{ key: 'k', value: 'over an encrypted line' }]);
    expect((await readTopic(kafka, topic)).map(({ value }) => value?.toString())).toEqual(['over an encrypted line']);
  });

  test.each<[string, Record<string, string>]>([
    ['a wrong password', { KAFKA_SASL_PASSWORD: 'guessed' }],
    ['an authority that is not the one named', { KAFKA_SSL_CA: '' }],
    ['no certificate of the client', { KAFKA_SSL_CERT: '', KAFKA_SSL_KEY: '' }],
  ])('lets nobody in with %s', async (_what, environment) => {
    expect(await canConnect(configOf('plain', environment))).toBe(false);
  });

  test('whose certificate file is not there is named with the variable', () => {
    expect(() => connectKafka(configOf('plain', { KAFKA_SSL_CA: join(folder, 'none.pem') }))).toThrow(
      /^KAFKA_SSL_CA: ENOENT/,
    );
  });
});

describe('a PostgreSQL with TLS', () => {
  const dataDir = join(folder, 'data');
  let servers: EmbeddedServers;

  const query = async (parameters: string, sql: string): Promise<object[]> => {
    const url = `${servers.databaseUrl}${parameters}`;
    const source = await createDataSource(url, 2, () => undefined).initialize();
    try {
      return await source.query(sql);
    } finally {
      await source.destroy();
    }
  };
  const isEncrypted = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

  beforeAll(async () => {
    const options = { kafka: false, postgres: true, dataDir, storeDir: STORE_DIR, report: () => undefined };
    servers = await startEmbedded(options);
    const user = serverUser();
    const own = [certificate, key].map((path) => {
      const copy = `${path}.server`;
      copyFileSync(path, copy);
      chmodSync(copy, 0o600);
      if (user) chownSync(copy, user.uid, user.gid);
      return copy;
    });
    await query('', `ALTER SYSTEM SET ssl_cert_file = '${own[0]}'`);
    await query('', `ALTER SYSTEM SET ssl_key_file = '${own[1]}'`);
    await query('', 'ALTER SYSTEM SET ssl = on');
    await query('', 'SELECT pg_reload_conf()');
    await waitFor('PostgreSQL to offer TLS', () => query('?sslmode=no-verify', isEncrypted));
  });
  afterAll(async () => {
    await servers.stop();
    await erasePostgres(dataDir);
  });

  test.each([
    ['verify-full, and the authority named', () => `?sslmode=verify-full&sslrootcert=${certificate}`],
    ['no-verify', () => '?sslmode=no-verify'],
  ])('is asked over an encrypted line with %s', async (_what, parameters) => {
    expect(await query(parameters(), isEncrypted)).toEqual([{ ssl: true }]);
  });

  test('is not believed where nobody vouches for its certificate', async () => {
    await expect(query('?sslmode=verify-full', isEncrypted)).rejects.toThrow(/self-signed certificate/);
  });

  test('that has none is not talked to in the clear', async () => {
    const source = createDataSource(`${inject('databaseUrl')}?sslmode=verify-full`, 2, () => undefined);
    await expect(source.initialize()).rejects.toThrow(/does not support SSL/);
  });
});
