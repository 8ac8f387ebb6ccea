import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readDataFile } from '../models/dataset/data-file.js';
import type { DataRow } from '../models/dataset/data-row.js';
import { MetricsCounter, type Metrics } from '../models/evaluation/metrics.js';
import type { ModelProcess } from '../models/serving/model-process.js';
import { toRankInput } from '../models/dataset/data-row.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { progressBar } from './options/progress.js';
import { withModel } from './options/with-model.js';

interface EvaluateOptions extends ColumnOptions {
  model: string;
  data: string;
  json?: boolean;
}

const rowsAtOnce = 512;

export function registerEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('evaluate a model version on a file of labelled tickets')
    .requiredOption('--model <folder>', 'folder of a model version')
    .requiredOption('--data <file>', 'labelled tickets: CSV, TSV or JSON Lines with a header')
    .option('--json', 'print the figures as JSON');
  addColumnOptions(command).action(async (options: EvaluateOptions) => {
    const file = resolve(options.data);
    const metrics = await withModel(resolve(options.model), (model) => evaluate(model, file, options));
    process.stdout.write(options.json ? `${JSON.stringify(metrics)}\n` : asText(metrics));
  });
}

async function evaluate(model: ModelProcess, file: string, options: ColumnOptions): Promise<Metrics> {
  const counter = new MetricsCounter();
  const bar = progressBar('tickets ranked', null);
  let rows: DataRow[] = [];
  let done = 0;
  const flush = async (): Promise<void> => {
    const ranked = await model.rank(rows.map((row) => toRankInput(row, true)));
    rows.forEach((row, index) => {
      const answer = ranked[index];
      if (answer) counter.add(row, answer.ranking);
    });
    done += rows.length;
    bar.update(done);
    rows = [];
  };
  for await (const row of readDataFile(file, columnsOf(options))) {
    rows.push(row);
    if (rows.length >= rowsAtOnce) await flush();
  }
  if (rows.length > 0) await flush();
  bar.stop();
  return counter.metrics();
}

function asText(metrics: Metrics): string {
  const { rows, contactType, mrr, ece, setSize, intervals, ...percents } = metrics;
  const lines = Object.entries(percents).map(([name, value]) => [name, value === null ? '–' : `${value} %`]);
  lines.push(['mrr', String(mrr ?? '–')], ['ece', String(ece ?? '–')], ['setSize', String(setSize ?? '–')]);
  if (intervals) {
    const between = ([low, high]: [number, number]): string => `${low} to ${high} %`;
    lines.push(['95 % of top1', between(intervals.top1)], ['95 % of hits3', between(intervals.hits3)]);
  }
  if (contactType) lines.push(['contactType', `${contactType.top1} %`]);
  return `${rows} tickets\n${lines.map(([name = '', value = '']) => `${name.padEnd(18)}${value}\n`).join('')}`;
}
