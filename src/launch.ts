import { createSignInLink } from './access/access.service.js';
import { readConfig, type Config, type ServiceConfig } from './config/config.js';
import { startEmbedded } from './embedded/embedded.js';
import { startService, type RunningService } from './main.js';
import { setUp } from './setup/setup.js';

const linkSeconds = 15 * 60;

export interface Launched extends RunningService {
  config: ServiceConfig;
  /** One-time link of a lead; null where the service listens beyond this machine. */
  signInLink: string | null;
}

export interface LaunchOptions {
  report: (line: string) => void;
  /** Called when the service can't go on and should be started anew by its supervisor. */
  onFatal: (reason: string) => void;
  /** Ends the start early, whatever it is at: fetching, starting a server, loading the model. */
  signal: AbortSignal;
  /** Leaves everyday lines out of the log: who starts it by hand reads what is reported. */
  quiet?: boolean;
  /** Trains the first model as soon as there are enough labels. */
  trainFirstModel?: boolean;
}

/** A stop that has been done leaves nothing to wait for: a connection that hangs must not keep the process. */
const lastWordsMs = 500;

/**
 * From nothing to a running service: set-up, the embedded servers where none are named, the schema, the service.
 * Stopping takes all of it down again, in the reverse order.
 *
 * @throws the signal's reason once it is aborted; what had started is stopped again
 */
export async function launch({
  report,
  onFatal,
  signal,
  quiet = false,
  trainFirstModel = false,
}: LaunchOptions): Promise<Launched> {
  const base = readConfig();
  const { STORE_DIR: storeDir, DATA_DIR: dataDir } = base;
  const [kafka, postgres] = [base.KAFKA_BROKERS === undefined, base.DATABASE_URL === undefined];
  const ready = await setUp(
    { storeDir, tensorflow: base.TENSORFLOW, encoderDir: base.ENCODER_DIR, kafka, postgres, signal },
    report,
  );
  const servers = { kafka, postgres, dataDir, storeDir, report, signal };
  const embedded = kafka || postgres ? await startEmbedded(servers) : null;
  const config: ServiceConfig = {
    ...base,
    LOG_LEVEL: quiet && base.LOG_LEVEL === 'info' ? 'warn' : base.LOG_LEVEL,
    DATABASE_URL: base.DATABASE_URL ?? embedded?.databaseUrl ?? '',
    KAFKA_BROKERS: base.KAFKA_BROKERS ?? [embedded?.kafkaBrokers ?? ''],
    ENCODER_DIR: ready.encoderDir,
    tensorflow: { device: ready.flavour, environment: ready.environment },
  };
  try {
    const service = await startService(config, onFatal, signal, { trainFirstModel });
    const stop = async (): Promise<void> => {
      await service.stop();
      await embedded?.stop();
      setTimeout(() => process.exit(), lastWordsMs).unref();
    };
    return { ...service, config, stop, signInLink: await signInLink(service, base) };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

async function signInLink(service: RunningService, config: Config): Promise<string | null> {
  if (!['127.0.0.1', '::1', 'localhost'].includes(config.HOST)) return null;
  const actor = { name: 'local', role: 'admin' as const };
  return service.url + (await createSignInLink(service.dataSource.manager, actor, linkSeconds));
}

/** npm hands on a Ctrl-C that the terminal has sent already: what comes so soon is the same one. */
const sameSignalMs = 500;

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        const first = Date.now();
        process.on(signal, () => {
          if (Date.now() - first > sameSignalMs) process.exit(1);
        });
        resolve(signal);
      });
    }
  });
}
