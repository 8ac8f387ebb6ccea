import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { eraseEmbeddings } from '../models/encoder/embedding-cache.js';
import { eraseTickets } from '../models/dataset/trained-on.js';
import { forgetMonitored } from '../monitoring/runner/forget-monitored.js';
import { eraseSampled } from '../monitoring/reference/reference-sample.js';
import { removeAbandoned } from '../retrain/runs/train-from-labels.js';
import { forget, type ForgetResult, type ForgetTarget } from '../suggest/retention/forget-ticket.js';
import { UserError } from './options/user-error.js';
import { withDatabase } from './options/with-database.js';

interface ForgetOptions {
  ticket?: string;
  customer?: string;
  json?: boolean;
}

export function registerForget(program: Command): void {
  program
    .command('forget')
    .description('erase a ticket or a customer everywhere, and list the models that were trained on it')
    .option('--ticket <source:ticketId>', 'ticket to erase')
    .option('--customer <id>', 'erase all tickets with this customer.id')
    .option('--json', 'print what was erased as JSON')
    .action(async (options: ForgetOptions) => {
      const what = toForget(options);
      const { forgotten, models } = await withDatabase(async (dataSource, { MODEL_DIR }) => {
        const idsOf = ({ tickets }: ForgetResult): string[] =>
          'customer' in what ? tickets : [`${what.source}:${what.ticketId}`];
        const erased = await dataSource.transaction(async (manager) => {
          const done = await forget(manager, what, 'command line');
          await forgetMonitored(manager, idsOf(done));
          return done;
        });
        const ids = idsOf(erased);
        const cache = join(MODEL_DIR, 'cache');
        if (existsSync(cache)) eraseEmbeddings(cache);
        await removeAbandoned(MODEL_DIR, new Date());
        await eraseSampled(MODEL_DIR, ids);
        return { forgotten: erased, models: await eraseTickets(MODEL_DIR, ids) };
      });
      const { tickets, choices, outbox, deadLetters } = forgotten;
      const figures = { tickets: tickets.length, choices, outbox, deadLetters, models };
      process.stdout.write(
        options.json
          ? `${JSON.stringify(figures)}\n`
          : `${tickets.length} tickets, ${choices} choices, ${outbox} pending messages, ${deadLetters} dead letters erased\n` +
              `Models trained on them: ${models.join(', ') || 'none'}\n` +
              "Kafka's own copies go by the retention of its topics\n",
      );
    });
}

function toForget({ ticket, customer }: ForgetOptions): ForgetTarget {
  if ((ticket === undefined) === (customer === undefined)) throw new UserError('specify either --ticket or --customer');
  if (customer === '') throw new UserError('--customer: must not be empty');
  if (customer !== undefined) return { customer };
  const [, source, ticketId] = /^([^:]+):(.+)$/s.exec(ticket ?? '') ?? [];
  if (source === undefined || ticketId === undefined) {
    throw new UserError(`--ticket: must be source:ticketId, such as zendesk:35436, not "${ticket ?? ''}"`);
  }
  return { source, ticketId };
}
