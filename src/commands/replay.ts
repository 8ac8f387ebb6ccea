import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { replayTickets, type ReplayOptions } from '../ingest/replay.js';
import { readDataFile } from '../models/dataset/data-file.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { progressBar } from './options/progress.js';
import { ticketSource } from './options/sources.js';
import { UserError } from './options/user-error.js';
import { withKafka } from './options/with-kafka.js';

interface ReplayCommandOptions extends ColumnOptions {
  data: string;
  source: string;
  rate?: number;
  agents: ReplayOptions['agents'];
  json?: boolean;
}

export function registerReplay(program: Command): void {
  const command = program
    .command('replay')
    .description('replay a file of tickets into Kafka')
    .requiredOption('--data <file>', 'tickets: CSV, TSV or JSON Lines with a header')
    .option('--source <name>', 'source of the tickets', ticketSource, 'replay')
    .option('--rate <n>', 'tickets per second; default: no limit', rate)
    .addOption(
      new Option('--agents <who>', 'truth: simulated agents choose the labelled template')
        .choices(['truth', 'none'])
        .default('none'),
    )
    .option('--json', 'print the figures as JSON');
  addColumnOptions(command).action(async (options: ReplayCommandOptions) => {
    const rows = readDataFile(
      resolve(options.data),
      { ...columnsOf(options), redaction: 'none' },
      options.agents === 'truth' ? 'required' : 'optional',
    );
    const bar = progressBar('tickets sent', null);
    const figures = await withKafka((kafka, config) =>
      replayTickets(kafka, config, rows, { ...options, perSecond: options.rate ?? null }, (sent) => bar.update(sent)),
    );
    bar.stop();
    const { sent, chosen } = figures;
    process.stdout.write(
      options.json ? `${JSON.stringify(figures)}\n` : `${sent} tickets sent, ${chosen} choices sent\n`,
    );
  });
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 100_000)) throw new UserError(`--rate: must be between 0 and 100000, not "${text}"`);
  return value;
}
