import type { Command } from 'commander';
import { InvalidMerge } from '../suggest/templates/merges.js';
import { exportTemplates } from '../suggest/templates/template-file.service.js';
import { importTemplates } from '../suggest/templates/templates.service.js';
import { UserError } from './options/user-error.js';
import { withDatabase } from './options/with-database.js';
import { readTemplates } from './options/templates-file.js';

export function registerTemplates(program: Command): void {
  const templates = program.command('templates').description('manage reply templates');
  templates
    .command('import')
    .argument(
      '<file>',
      'JSON Lines of {"id","title","body","contactTypes"}, or CSV; "state" and "mergedInto" are optional',
    )
    .description('add templates and update existing ones; safe to repeat')
    .option('--json', 'print the figures as JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const rows = await readTemplates(file);
      const result = await withDatabase((source) =>
        source.transaction((manager) => importTemplates(manager, rows, { actor: 'command line' })),
      ).catch((error: unknown) => {
        throw error instanceof InvalidMerge ? new UserError(`nothing was imported: ${error.message}`) : error;
      });
      process.stdout.write(
        options.json
          ? `${JSON.stringify(result)}\n`
          : `${result.added} added, ${result.changed} changed, ${result.unchanged} unchanged\n`,
      );
    });
  templates
    .command('list')
    .description('list id, state and title of every template')
    .action(() =>
      withDatabase(async (source) => {
        for (const template of await exportTemplates(source.manager)) {
          process.stdout.write(`${template.id}\t${template.state}\t${template.title}\n`);
        }
      }),
    );
  templates
    .command('export')
    .description('export all templates as JSON Lines, readable by import')
    .action(() =>
      withDatabase(async (source) => {
        for (const template of await exportTemplates(source.manager))
          process.stdout.write(`${JSON.stringify(template)}\n`);
      }),
    );
}
