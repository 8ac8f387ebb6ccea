import type { Command } from 'commander';
import { listDeadLetters, replayDeadLetters, type ListedDeadLetter } from '../ingest/dead-letters.js';
import { wholeNumber } from './options/numbers.js';
import { UserError } from './options/user-error.js';
import { withDatabase } from './options/with-database.js';

export function registerDeadLetters(program: Command): void {
  const deadLetters = program.command('dead-letters').description('list and replay messages that could not be read');
  deadLetters
    .command('list')
    .description('list dead letters, newest first: time, source and reason; content only with --bytes')
    .option('--limit <n>', 'maximum number of rows', wholeNumber('--limit'), 100)
    .option('--bytes', 'include the original key, headers and value (personal data; base64 in JSON)')
    .option('--json', 'print as JSON')
    .action(async ({ limit, bytes, json }: { limit: number; bytes?: boolean; json?: boolean }) => {
      const letters = await withDatabase(({ manager }) =>
        listDeadLetters(manager, limit, { withMessage: bytes === true }),
      );
      process.stdout.write(json ? `${JSON.stringify(letters.map(asJson))}\n` : letters.map(asText).join(''));
    });
  deadLetters
    .command('replay')
    .argument('[ids...]', 'ids of dead letters')
    .option('--all', 'all dead letters that have not been replayed')
    .option('--reason <code>', 'all dead letters with one reason that have not been replayed')
    .option('--json', 'print {"replayed":[ids]}')
    .description('send dead letters to their topic again, unchanged, through the outbox of a running service')
    .action(async (ids: string[], { all, reason, json }: { all?: boolean; reason?: string; json?: boolean }) => {
      if ([ids.length > 0, all, reason !== undefined].filter(Boolean).length !== 1) {
        throw new UserError('specify ids of dead letters, --reason or --all');
      }
      const wanted = ids.map(wholeNumber('id'));
      const which = wanted.length > 0 ? { ids: wanted } : { reason: reason ?? null };
      const replayed = await withDatabase((dataSource) =>
        dataSource.transaction((manager) => replayDeadLetters(manager, which)),
      );
      process.stdout.write(json ? `${JSON.stringify({ replayed })}\n` : `${replayed.length} written to the outbox\n`);
      const missing = wanted.filter((id) => !replayed.includes(id));
      if (missing.length > 0) {
        const ids = missing.join(', ');
        throw new UserError(`not replayed: ${ids}: no such dead letter, or a record batch (reason unreadable-batch)`);
      }
    });
}

function asJson({ message, ...letter }: ListedDeadLetter): object {
  if (!message) return letter;
  const { key, value, headers } = message;
  return { ...letter, key: key?.toString('base64') ?? null, value: value?.toString('base64') ?? null, headers };
}

function asText({ message, ...letter }: ListedDeadLetter): string {
  const place = `${letter.topic} ${letter.partition}:${letter.offset}`;
  const state = letter.replayedAt ? `, replayed ${letter.replayedAt.toISOString()}` : '';
  const line = [letter.id, letter.receivedAt.toISOString(), place, `${letter.bytes} bytes`].join('\t');
  const said = `${line}\t${letter.reason}: ${letter.detail}${state}\n`;
  if (!message) return said;
  // As a quoted string: what came may hold anything that makes a terminal do strange things.
  const [key, value] = [message.key, message.value].map((bytes) => JSON.stringify(bytes?.toString('utf8') ?? null));
  return `${said}  key ${key}, headers ${JSON.stringify(message.headers)}\n  ${value}\n`;
}
