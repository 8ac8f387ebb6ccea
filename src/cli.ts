import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { ConfigError } from './config/config.js';

type Register = (program: Command) => void;

/**
 * All commands, in the order of `--help`. Each is loaded only when it is called, so that `rank` does not load the service.
 */
const commands: Record<string, () => Promise<Register>> = {
  start: async () => (await import('./commands/start/start.js')).registerStart,
  serve: async () => (await import('./commands/serve.js')).registerServe,
  setup: async () => (await import('./commands/setup.js')).registerSetup,
  migrate: async () => (await import('./commands/migrate.js')).registerMigrate,
  templates: async () => (await import('./commands/templates.js')).registerTemplates,
  history: async () => (await import('./commands/history.js')).registerHistory,
  train: async () => (await import('./commands/train.js')).registerTrain,
  assess: async () => (await import('./commands/assess.js')).registerAssess,
  evaluate: async () => (await import('./commands/evaluate.js')).registerEvaluate,
  sweep: async () => (await import('./commands/sweep.js')).registerSweep,
  report: async () => (await import('./commands/report.js')).registerReport,
  drift: async () => (await import('./commands/drift.js')).registerDrift,
  rank: async () => (await import('./commands/rank.js')).registerRank,
  simulate: async () => (await import('./commands/simulate.js')).registerSimulate,
  models: async () => (await import('./commands/models.js')).registerModels,
  replay: async () => (await import('./commands/replay.js')).registerReplay,
  'dead-letters': async () => (await import('./commands/dead-letters.js')).registerDeadLetters,
  users: async () => (await import('./commands/users.js')).registerUsers,
  tokens: async () => (await import('./commands/tokens.js')).registerTokens,
  forget: async () => (await import('./commands/forget.js')).registerForget,
};

export const commandNames: readonly string[] = Object.keys(commands);

/**
 * The command line. Expected errors are printed as one line on stderr, unexpected ones with their stack.
 *
 * @param argv arguments after the program's name
 * @returns the exit code: 0 only on success
 */
export async function main(argv: string[]): Promise<number> {
  const program = new Command('replyrank')
    .description("Ranks your own reply templates for every ticket, and learns from agents' choices")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(see --help)');
  const named = argv.find((word) => word in commands);
  const registers = await Promise.all(
    (named ? [named] : Object.keys(commands)).map(async (name) => commands[name]?.()),
  );
  for (const register of registers) register?.(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`replyrank: ${error instanceof Error ? explain(error) : String(error)}\n`);
    return 1;
  }
}

function packageVersion(): string {
  // Compiled, this file is one folder deeper.
  const root = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '..' : '../..');
  const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** Expected errors have a class of their own and a message that is enough. */
function explain(error: Error): string {
  const isExpected =
    error instanceof ConfigError || error.name === 'UserError' || !/^(Error|TypeError|RangeError)$/.test(error.name);
  return isExpected ? error.message : (error.stack ?? error.message);
}
