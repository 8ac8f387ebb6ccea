import type { Command } from 'commander';
import { withDatabase } from './options/with-database.js';

export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('update the database schema')
    .action(async () => {
      await withDatabase(async (source) => {
        const done: { name: string }[] = await source.query('SELECT name FROM migrations ORDER BY id');
        process.stdout.write(`schema version: ${done.at(-1)?.name ?? 'nothing'}\n`);
      });
    });
}
