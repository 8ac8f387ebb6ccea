import type { Command } from 'commander';
import { listDeadLetters, replayDeadLetters } from '../ingest/dead-letters.js';
import { wholeNumber } from './train.js';
import { UserError } from './user-error.js';
import { withDatabase } from './with-database.js';

export function registerDeadLetters(program: Command): void {
  const deadLetters = program.command('dead-letters').description('messages that could not be read');
  deadLetters
    .command('list')
    .description('when, where from and why, the newest first; never their text')
    .option('--limit <n>', 'how many', wholeNumber('--limit'), 100)
    .option('--json', 'print as JSON')
    .action(async ({ limit, json }: { limit: number; json?: boolean }) => {
      const rows = await withDatabase((dataSource) => listDeadLetters(dataSource.manager, limit));
      if (json) {
        process.stdout.write(`${JSON.stringify(rows)}\n`);
        return;
      }
      for (const row of rows) {
        const place = `${row.topic} ${row.partition}:${row.offset}`;
        const state = row.replayedAt ? `, replayed ${row.replayedAt.toISOString()}` : '';
        process.stdout.write(
          `${row.id}\t${row.receivedAt.toISOString()}\t${place}\t${row.bytes} bytes\t${row.reason}: ${row.detail}${state}\n`,
        );
      }
    });
  deadLetters
    .command('replay')
    .argument('[ids...]', 'which ones')
    .option('--all', 'all that have not been replayed yet')
    .option('--reason <code>', 'all of one reason that have not been replayed yet')
    .option('--json', 'print {"replayed":[ids]}')
    .description('puts them back onto their topic, as they came; a running service does it at once, else the next one')
    .action(async (ids: string[], { all, reason, json }: { all?: boolean; reason?: string; json?: boolean }) => {
      if ([ids.length > 0, all, reason !== undefined].filter(Boolean).length !== 1) {
        throw new UserError('name the ids of dead letters, or --reason, or --all');
      }
      const wanted = ids.map(wholeNumber('id'));
      const which = wanted.length > 0 ? { ids: wanted } : { reason: reason ?? null };
      const replayed = await withDatabase((dataSource) =>
        dataSource.transaction((manager) => replayDeadLetters(manager, which)),
      );
      process.stdout.write(json ? `${JSON.stringify({ replayed })}\n` : `${replayed.length} handed to the outbox\n`);
      const missing = wanted.filter((id) => !replayed.includes(id));
      if (missing.length > 0) throw new UserError(`there is no dead letter ${missing.join(', ')}`);
    });
}
