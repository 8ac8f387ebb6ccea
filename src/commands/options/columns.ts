import type { Command } from 'commander';
import { findFormatProblem, isTimeZone } from '../../files/dates.js';
import { readConfig } from '../../config/config.js';
import type { Columns } from '../../models/dataset/data-row.js';
import { UserError } from './user-error.js';

/** The options that say which column of a file holds what; the same for every command that reads one. */
export interface ColumnOptions {
  textColumn?: string;
  subjectColumn?: string;
  bodyColumn?: string;
  labelColumn?: string;
  contactTypeColumn?: string;
  dateColumn?: string;
  dateFormat?: string;
  timeZone?: string;
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
    .option(
      '--date-format <format>',
      'format of the dates, such as "dd.MM.yyyy HH:mm", "dd/MMM/yy h:mm a" or unix; default: ISO 8601, or dates with one meaning',
      dateFormat,
    )
    .option('--time-zone <name>', 'time zone of dates without one, such as Europe/Berlin; default: UTC', timeZone)
    .option('--fields <names>', 'comma-separated columns to use as features', names)
    .option('--none-label <value>', 'label value meaning "no template"');
}

/** @throws ConfigError: how rows are redacted is part of the environment */
export function columnsOf(options: ColumnOptions): Columns {
  return {
    text: options.textColumn,
    subject: options.subjectColumn,
    body: options.bodyColumn,
    label: options.labelColumn,
    contactType: options.contactTypeColumn,
    date: options.dateColumn,
    dateFormat: options.dateFormat,
    timeZone: options.timeZone,
    fields: options.fields,
    noneLabel: options.noneLabel,
    redaction: readConfig().REDACT,
  };
}

function names(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

function dateFormat(format: string): string {
  const problem = findFormatProblem(format);
  if (problem !== null) throw new UserError(`--date-format: "${format}" ${problem}`);
  return format;
}

function timeZone(name: string): string {
  if (isTimeZone(name)) return name;
  throw new UserError(`--time-zone: unknown time zone "${name}"; use a name such as Europe/Berlin or UTC`);
}
