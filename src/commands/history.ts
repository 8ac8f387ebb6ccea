import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config/config.js';
import { importHistoryFile, type ImportedHistory } from '../ingest/history-import.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { progressBar } from './options/progress.js';
import { ticketSource } from './options/sources.js';
import { withDatabase } from './options/with-database.js';

interface HistoryOptions extends ColumnOptions {
  data: string;
  source: string;
  json?: boolean;
}

/** Of a broken file there may be a million: the first ones tell what is wrong. */
const refusedShown = 20;

export function registerHistory(program: Command): void {
  const history = program.command('history').description('import answered tickets');
  const command = history
    .command('import')
    .description('import answered tickets with the template that was used; safe to repeat')
    .requiredOption('--data <file>', 'labelled tickets: CSV, TSV or JSON Lines with a header')
    .option('--source <name>', 'source of the tickets', ticketSource, 'history')
    .option('--json', 'print the figures as JSON');
  addColumnOptions(command).action(async (options: HistoryOptions) => {
    const result = await withDatabase(async (dataSource) => {
      const bar = progressBar('tickets imported', null);
      const from = { file: resolve(options.data), columns: columnsOf(options) };
      const settings = { source: options.source, sample: false, redaction: readConfig().REDACT, now: new Date() };
      const imported = await importHistoryFile(dataSource, from, settings, (done) => bar.update(done));
      bar.stop();
      return imported;
    });
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : asText(result, options.data));
    if (result.refused.length > 0) process.exitCode = 1;
  });
}

function asText({ rows, imported, repeated, refused }: ImportedHistory, file: string): string {
  const shown = refused.slice(0, refusedShown).map(({ line, problem }) => `${file}:${line}: ${problem}\n`);
  const more = refused.length > refusedShown ? `… and ${refused.length - refusedShown} more\n` : '';
  return `${rows} rows: ${imported} imported, ${repeated} already there, ${refused.length} refused\n${shown.join('')}${more}`;
}
