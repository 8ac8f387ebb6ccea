import type { Command } from 'commander';
import type { Columns } from '../../models/dataset/data-row.js';

/** The options that say which column of a file holds what; the same for every command that reads one. */
export interface ColumnOptions {
  textColumn?: string;
  subjectColumn?: string;
  bodyColumn?: string;
  labelColumn?: string;
  contactTypeColumn?: string;
  dateColumn?: string;
  fields?: string[];
  noneLabel?: string;
}

export function addColumnOptions(command: Command): Command {
  return command
    .option('--text-column <name>', 'column of the text; default: "text", or "subject" and "body"')
    .option('--subject-column <name>', 'column of the subject')
    .option('--body-column <name>', 'column of the body')
    .option('--label-column <name>', 'column of the template id (label); default: "template"')
    .option('--contact-type-column <name>', 'column of the contact type; default: "contactType"')
    .option('--date-column <name>', 'column of the date; default: "occurredAt"')
    .option('--fields <names>', 'comma-separated columns to use as features', names)
    .option('--none-label <value>', 'label value meaning "no template"');
}

export function columnsOf(options: ColumnOptions): Columns {
  return {
    text: options.textColumn,
    subject: options.subjectColumn,
    body: options.bodyColumn,
    label: options.labelColumn,
    contactType: options.contactTypeColumn,
    date: options.dateColumn,
    fields: options.fields,
    noneLabel: options.noneLabel,
  };
}

function names(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
