import { join } from 'node:path';
import { encoderEntry } from './encoder.js';
import { kafkaEntry } from './kafka-jars.js';
import { postgresEntry } from './postgres-binaries.js';
import { requireTools, type Tool } from './prerequisites.js';
import type { Report } from './progress.js';
import { reachableStore } from './server-user.js';
import { ensureEntry, isComplete } from './store.js';
import {
  bindingEntry,
  chooseFlavour,
  ensureTensorflow,
  libraryEntry,
  tensorflowEnvironment,
  type TensorflowFlavour,
} from './tensorflow.js';

export interface SetUpOptions {
  storeDir: string;
  tensorflow: 'auto' | 'cpu' | 'gpu';
  /** The user's own encoder; if set, none is downloaded */
  encoderDir?: string | undefined;
  /** Whether the embedded servers are used */
  kafka: boolean;
  postgres: boolean;
  /** Cancels the set-up; what is installed by then stays */
  signal?: AbortSignal;
}

export interface SetUpResult {
  encoderDir: string;
  flavour: TensorflowFlavour;
  /** For the processes that load TensorFlow */
  environment: Record<string, string>;
}

/**
 * Installs everything that `npm ci` does not. What is installed already is skipped, so it is called at every start.
 *
 * @throws SetupError; the signal's reason once it is aborted
 */
export async function setUp(options: SetUpOptions, report: Report): Promise<SetUpResult> {
  const { storeDir, signal } = options;
  const flavour = chooseFlavour(options.tensorflow);
  const tools = await requireTools(await findNeededTools(options, flavour));
  const servers = async (): Promise<void> => {
    if (options.postgres) await ensureEntry(reachableStore(storeDir), postgresEntry(), report, signal);
    if (options.kafka) await ensureEntry(storeDir, kafkaEntry(tools.maven), report, signal);
  };
  const model = async (): Promise<string> => {
    const { python, compiler } = tools;
    await ensureTensorflow({ storeDir, flavour, python, compiler }, report, signal);
    return options.encoderDir ?? (await ensureEntry(storeDir, encoderEntry(storeDir, python), report, signal));
  };
  // Maven waits for the network while the compiler works. Both are awaited: a failure leaves nothing running.
  const [server, encoder] = await Promise.allSettled([servers(), model()]);
  signal?.throwIfAborted();
  if (server.status === 'rejected') throw server.reason;
  if (encoder.status === 'rejected') throw encoder.reason;
  const encoderDir = encoder.value;
  return { encoderDir, flavour, environment: tensorflowEnvironment(flavour, storeDir) };
}

/** Only the tools that are needed: with a complete store, neither pip nor a compiler. */
async function findNeededTools(options: SetUpOptions, flavour: TensorflowFlavour): Promise<Set<Tool>> {
  const isMissing = async (name: string): Promise<boolean> => !(await isComplete(join(options.storeDir, name)));
  const library = libraryEntry(options.storeDir, flavour, '').name;
  const needed = new Set<Tool>();
  if (await isMissing(library)) needed.add('python');
  if (await isMissing(bindingEntry(flavour, library, '').name)) needed.add('compiler');
  if (!options.encoderDir && (await isMissing(encoderEntry(options.storeDir, '').name))) needed.add('python');
  if (options.kafka) needed.add('java');
  if (options.kafka && (await isMissing(kafkaEntry('').name))) needed.add('maven');
  return needed;
}
