import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readDataFile } from '../models/dataset/data-file.js';
import { runFile, type RunRecord } from '../models/training/run-record.js';
import { ticketText } from '../models/features/ticket-text.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { UserError } from './options/user-error.js';

interface ReportOptions extends ColumnOptions {
  data?: string;
  out?: string;
  json?: boolean;
}

export function registerReport(program: Command): void {
  const command = program
    .command('report')
    .argument('<folder>', 'folder of a model version')
    .description('render a training run as a page: curves, calibration, confusions, suspected label errors, diagnosis')
    .option('--data <file>', 'the training file: shows the texts of suspected label errors')
    .option('--out <file>', 'output file; default: report.html in the current folder')
    .option('--json', 'print the run record as JSON instead');
  addColumnOptions(command).action(async (folder: string, options: ReportOptions) => {
    const record = await readRun(resolve(folder));
    if (options.json) {
      process.stdout.write(`${JSON.stringify(record)}\n`);
      return;
    }
    const texts = options.data === undefined ? null : await textsOf(record, resolve(options.data), options);
    const out = resolve(options.out ?? 'report.html');
    // Its charting library takes a second to load.
    const { runPage } = await import('./reports/run-page.js');
    await writeFile(out, runPage(record, texts));
    process.stdout.write(`${out}\n`);
  });
}

async function readRun(folder: string): Promise<RunRecord> {
  const text = await readFile(join(folder, runFile), 'utf8').catch(() => null);
  if (text === null) throw new UserError(`${folder}: no ${runFile} in this folder; every training writes one`);
  return JSON.parse(text) as RunRecord;
}

/** The texts by line. Another file, or one that has changed since, would show other tickets: its labels give it away. */
async function textsOf(record: RunRecord, file: string, options: ColumnOptions): Promise<Map<number, string>> {
  const wanted = new Map(record.confidentErrors.map(({ line, label }) => [line, label]));
  const columns = { ...record.arguments.columns, ...definedOf(columnsOf(options)) };
  const texts = new Map<number, string>();
  for await (const row of readDataFile(file, columns)) {
    const label = wanted.get(row.line);
    if (label === undefined) continue;
    if (row.label !== label) {
      const was = `it was trained with "${label}" there (${basename(record.data.file)})`;
      throw new UserError(
        `${file}:${row.line}: the label is "${row.label ?? ''}", ${was}: not the file of this training`,
      );
    }
    texts.set(row.line, ticketText(row));
  }
  if (texts.size < wanted.size) throw new UserError(`${file}: has fewer rows than the training file`);
  return texts;
}

function definedOf<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
