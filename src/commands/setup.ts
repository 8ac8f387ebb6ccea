import type { Command } from 'commander';
import { readConfig } from '../config/config.js';
import { setUp } from '../setup/setup.js';

/** `replyrank setup`: everything that a start would fetch or build, and nothing more. */
export function registerSetup(program: Command): void {
  program
    .command('setup')
    .description('download TensorFlow, the encoder and the embedded servers')
    .action(async () => {
      const config = readConfig();
      await setUp(
        {
          storeDir: config.STORE_DIR,
          tensorflow: config.TENSORFLOW,
          encoderDir: config.ENCODER_DIR,
          kafka: config.KAFKA_BROKERS === undefined,
          postgres: config.DATABASE_URL === undefined,
        },
        (line) => process.stderr.write(`${line}\n`),
      );
    });
}
