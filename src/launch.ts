import { createSignInLink } from './access/access.service.js';
import { readConfig, type Config, type ServiceConfig } from './config.js';
import { startEmbedded } from './embedded/embedded.js';
import { startService, type RunningService } from './main.js';
import { setUp } from './setup/setup.js';

const linkSeconds = 15 * 60;

export interface Launched extends RunningService {
  config: ServiceConfig;
  /** One-time link of a lead; null where the service listens beyond this machine. */
  signInLink: string | null;
}

type Report = (line: string) => void;

/**
 * From nothing to a running service: set-up, the embedded servers where none are named, the schema, the service.
 * Stopping takes all of it down again, in the reverse order.
 *
 * @param quiet leaves everyday lines out of the log: who starts it by hand reads what is reported
 */
export async function launch(
  report: Report,
  onFatal: (reason: string) => void,
  { quiet = false } = {},
): Promise<Launched> {
  const base = readConfig();
  const { STORE_DIR: storeDir, DATA_DIR: dataDir } = base;
  const [kafka, postgres] = [base.KAFKA_BROKERS === undefined, base.DATABASE_URL === undefined];
  const ready = await setUp(
    { storeDir, tensorflow: base.TENSORFLOW, encoderDir: base.ENCODER_DIR, kafka, postgres },
    report,
  );
  const embedded = kafka || postgres ? await startEmbedded({ kafka, postgres, dataDir, storeDir, report }) : null;
  const config: ServiceConfig = {
    ...base,
    LOG_LEVEL: quiet && base.LOG_LEVEL === 'info' ? 'warn' : base.LOG_LEVEL,
    DATABASE_URL: base.DATABASE_URL ?? embedded?.databaseUrl ?? '',
    KAFKA_BROKERS: base.KAFKA_BROKERS ?? [embedded?.kafkaBrokers ?? ''],
    ENCODER_DIR: ready.encoderDir,
    tensorflow: { device: ready.flavour, environment: ready.environment },
  };
  try {
    const service = await startService(config, onFatal);
    const stop = async (): Promise<void> => {
      await service.stop();
      await embedded?.stop();
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

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
}
