import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import { MergeRefused } from '../suggest/merges.js';
import { importedTemplateSchema, type ImportedTemplate, type NewTemplate } from '../suggest/template-text.js';
import { importTemplates } from '../suggest/templates.service.js';
import { UserError } from './user-error.js';
import { withDatabase } from './with-database.js';

export function registerTemplates(program: Command): void {
  const templates = program.command('templates').description('the reply templates');
  templates
    .command('import')
    .argument('<file>', 'JSON Lines of {"id","title","body","contactTypes"}; "state" and "mergedInto" are optional')
    .description('adds templates and changes those that are there; can be repeated')
    .option('--json', 'print the figures as JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const rows = await readTemplates(file);
      const result = await withDatabase((source) =>
        source.transaction((manager) => importTemplates(manager, rows, { actor: 'command line' })),
      ).catch((error: unknown) => {
        throw error instanceof MergeRefused ? new UserError(`no template was imported: ${error.message}`) : error;
      });
      process.stdout.write(
        options.json
          ? `${JSON.stringify(result)}\n`
          : `${result.added} added, ${result.changed} changed, ${result.unchanged} as they were\n`,
      );
    });
  templates
    .command('list')
    .description('id, state and title of every template')
    .action(() =>
      withDatabase(async (source) => {
        for (const template of await allTemplates(source)) {
          process.stdout.write(`${template.id}\t${template.state}\t${template.title}\n`);
        }
      }),
    );
  templates
    .command('export')
    .description('all templates as JSON Lines, in the form that import reads')
    .action(() =>
      withDatabase(async (source) => {
        for (const template of await allTemplates(source)) process.stdout.write(`${JSON.stringify(template)}\n`);
      }),
    );
}

function allTemplates(source: DataSource): Promise<NewTemplate[]> {
  return source.query(
    'SELECT id, title, body, contact_types AS "contactTypes", state, merged_into AS "mergedInto" FROM templates ORDER BY id',
  );
}

/** Reads a file of templates. @throws UserError naming the line of everything that is wrong */
export async function readTemplates(file: string): Promise<ImportedTemplate[]> {
  const rows: ImportedTemplate[] = [];
  const problems: string[] = [];
  const lineOfId = new Map<string, number>();
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === '') continue;
    const result = importedTemplateSchema.safeParse(parseJson(text));
    if (!result.success) {
      const said = result.error.issues.map((issue) => `${issue.path.join('.') || 'line'}: ${issue.message}`);
      problems.push(`${file}:${line}: ${said.join('; ')}`);
    } else if (lineOfId.has(result.data.id)) {
      problems.push(`${file}:${line}: id ${result.data.id} stands in line ${lineOfId.get(result.data.id)} already`);
    } else {
      lineOfId.set(result.data.id, line);
      rows.push(result.data);
    }
  }
  if (problems.length > 0) throw new UserError(`no template was imported:\n${problems.join('\n')}`);
  return rows;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
