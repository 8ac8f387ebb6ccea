import { join } from 'node:path';
import { encoderEntry } from './encoder.js';
import { kafkaEntry } from './kafka-jars.js';
import { postgresEntry } from './postgres-binaries.js';
import { requireTools, type Tool } from './prerequisites.js';
import type { Report } from './progress.js';
import { reachableStore } from './server-user.js';
import { ensureEntry, isWhole } from './store.js';
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
  /** The user's own encoder; where it is named, none is fetched. */
  encoderDir?: string | undefined;
  /** Whether the embedded servers will be used. */
  kafka: boolean;
  postgres: boolean;
  /** Ends it early; what is in place by then stays */
  signal?: AbortSignal;
}

export interface SetUpResult {
  encoderDir: string;
  flavour: TensorflowFlavour;
  /** For the processes that load TensorFlow */
  environment: Record<string, string>;
}

/**
 * Puts everything in place that `npm ci` does not bring. What is there already is left alone, so it is called at every
 * start.
 *
 * @throws SetupError in one or a few clear lines; the signal's reason once it is aborted
 */
export async function setUp(options: SetUpOptions, report: Report): Promise<SetUpResult> {
  const { storeDir, signal } = options;
  const flavour = chooseFlavour(options.tensorflow);
  const tools = await requireTools(await toolsFor(options, flavour));
  const servers = async (): Promise<void> => {
    if (options.postgres) await ensureEntry(reachableStore(storeDir), postgresEntry(), report, signal);
    if (options.kafka) await ensureEntry(storeDir, kafkaEntry(tools.maven), report, signal);
  };
  const model = async (): Promise<string> => {
    const { python, compiler } = tools;
    await ensureTensorflow({ storeDir, flavour, python, compiler }, report, signal);
    return options.encoderDir ?? (await ensureEntry(storeDir, encoderEntry(storeDir, python), report, signal));
  };
  // Maven waits for the network while the compiler works. Both are let end: a failure must not leave the other running.
  const [server, encoder] = await Promise.allSettled([servers(), model()]);
  signal?.throwIfAborted();
  if (server.status === 'rejected') throw server.reason;
  if (encoder.status === 'rejected') throw encoder.reason;
  const encoderDir = encoder.value;
  return { encoderDir, flavour, environment: tensorflowEnvironment(flavour, storeDir) };
}

/** Only what is needed is asked for: a machine with a filled store needs neither pip nor a compiler. */
async function toolsFor(options: SetUpOptions, flavour: TensorflowFlavour): Promise<Set<Tool>> {
  const lacks = async (name: string): Promise<boolean> => !(await isWhole(join(options.storeDir, name)));
  const library = libraryEntry(options.storeDir, flavour, '').name;
  const needed = new Set<Tool>();
  if (await lacks(library)) needed.add('python');
  if (await lacks(bindingEntry(flavour, library, '').name)) needed.add('compiler');
  if (!options.encoderDir && (await lacks(encoderEntry(options.storeDir, '').name))) needed.add('python');
  if (options.kafka) needed.add('java');
  if (options.kafka && (await lacks(kafkaEntry('').name))) needed.add('maven');
  return needed;
}
