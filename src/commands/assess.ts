import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config/config.js';
import type { Assessment } from '../models/evaluation/assessment.js';
import { runAssessment } from '../models/jobs/assessment-process.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { wholeNumber } from './options/numbers.js';
import { trainingProgress } from './options/progress.js';
import { UserError } from './options/user-error.js';
import { modelWorker } from './options/with-model.js';

interface AssessOptions extends ColumnOptions {
  data: string;
  templates?: string;
  out?: string;
  seed: number;
  minutesPerTicket: number;
  ticketsPerMonth?: number;
  currency: string;
  priceCpuHour: number;
  priceOwnGpuHour: number;
  priceRentedGpuHour: number;
  gpuSpeedup: number;
  json?: boolean;
}

export function registerAssess(program: Command): void {
  const command = program
    .command('assess')
    .description('report whether machine learning fits a history of tickets, before anything is deployed')
    .requiredOption('--data <file>', 'labelled tickets: CSV, TSV or JSON Lines with a header')
    .option('--templates <file>', 'JSON Lines of {"id","title","body"} for the text-match baseline; default: the ids')
    .option('--out <folder>', 'output folder for assess.html (report with charts) and assess.json')
    .option('--seed <n>', 'random seed', wholeNumber('--seed'), 1)
    .option('--minutes-per-ticket <n>', 'minutes an agent spends per reply', amount('--minutes-per-ticket'), 4)
    .option(
      '--tickets-per-month <n>',
      'ticket volume; default: from the dates in the file, else 1000',
      amount('--tickets-per-month'),
    )
    .option('--currency <name>', 'currency of the prices', 'EUR')
    .option('--price-cpu-hour <n>', 'price of one CPU hour', amount('--price-cpu-hour'), 0.05)
    .option('--price-own-gpu-hour <n>', 'price of one hour of your own GPU', amount('--price-own-gpu-hour'), 0.3)
    .option('--price-rented-gpu-hour <n>', 'price of one hour of a rented GPU', amount('--price-rented-gpu-hour'), 2.5)
    .option('--gpu-speedup <n>', 'assumed training speed-up on a GPU, as a factor', amount('--gpu-speedup'), 5)
    .option('--json', 'print the figures as JSON');
  addColumnOptions(command).action(async (options: AssessOptions) => {
    const config = readConfig();
    const worker = await modelWorker(config);
    const assessment = await runAssessment(
      {
        worker: worker.settings,
        settings: {
          data: resolve(options.data),
          columns: columnsOf(options),
          templates: options.templates === undefined ? null : resolve(options.templates),
          seed: options.seed,
          minutesPerTicket: options.minutesPerTicket,
          ticketsPerMonth: options.ticketsPerMonth ?? null,
          prices: {
            currency: options.currency,
            cpuHour: options.priceCpuHour,
            ownGpuHour: options.priceOwnGpuHour,
            rentedGpuHour: options.priceRentedGpuHour,
            gpuSpeedup: options.gpuSpeedup,
          },
          cacheDir: join(config.MODEL_DIR, 'cache'),
        },
      },
      worker.environment,
      trainingProgress(),
    );
    const json = `${JSON.stringify(assessment)}\n`;
    if (options.out !== undefined) {
      const folder = resolve(options.out);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'assess.json'), json);
      // Its charting library takes a second to load.
      const { assessmentPage } = await import('./reports/assess-page.js');
      await writeFile(join(folder, 'assess.html'), assessmentPage(assessment));
    }
    process.stdout.write(options.json ? json : asText(assessment, options.out));
  });
}

function asText({ verdict }: Assessment, out: string | undefined): string {
  const lines = [
    verdict.sentence,
    ...verdict.reasons.map((reason) => `- ${reason}`),
    ...(verdict.missing.length > 0 ? ['Missing:', ...verdict.missing.map((what) => `- ${what}`)] : []),
    ...(out === undefined ? [] : [`Report: ${join(resolve(out), 'assess.html')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function amount(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value > 0 && Number.isFinite(value)) return value;
    throw new UserError(`${flag}: must be a number greater than 0, not "${text}"`);
  };
}
