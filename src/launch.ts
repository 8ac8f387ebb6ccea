import { createSignInLink } from './access/access.service.js';
import { readConfig, type Config, type ServiceConfig } from './config/config.js';
import { startEmbedded } from './embedded/embedded.js';
import { startService, type RunningService } from './main.js';
import { setUp } from './setup/setup.js';

const signInLinkSeconds = 15 * 60;

export interface Launched extends RunningService {
  config: ServiceConfig;
  /** One-time sign-in link; null if the service does not listen on loopback */
  signInLink: string | null;
}

export interface LaunchOptions {
  report: (line: string) => void;
  /** Called if the service can't continue and its supervisor should restart it */
  onFatal: (reason: string) => void;
  /** Cancels the start at any step: download, start of a server, loading the model */
  signal: AbortSignal;
  /** Logs warnings and errors only, for a start by hand, which prints its own progress */
  quiet?: boolean;
  /** Trains the first model as soon as there are enough labels. */
  trainFirstModel?: boolean;
}

/** Time to flush the output after a stop, before a hanging connection is cut by the exit */
const flushMs = 500;

/**
 * Starts everything: set-up, embedded servers where no others are configured, the schema, the service. Stopping reverses the
 * order.
 *
 * @throws the signal's reason once it is aborted; what has started is stopped again
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
      setTimeout(() => process.exit(), flushMs).unref();
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
  return service.url + (await createSignInLink(service.dataSource.manager, actor, signInLinkSeconds));
}

/** npm forwards a Ctrl-C that the terminal has sent already: a second signal within this time is the same one. */
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
