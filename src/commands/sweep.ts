import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config/config.js';
import { runJob } from '../models/jobs/job-process.js';
import type { SweepSettings, Trial } from '../models/training/sweep.js';
import { sweepWorkerFile } from '../models/jobs/worker-files.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { sweepPage } from './reports/sweep-page.js';
import { wholeNumber } from './options/numbers.js';
import { trainingProgress } from './options/progress.js';
import { UserError } from './options/user-error.js';
import { modelWorker } from './options/with-model.js';

interface SweepOptions extends ColumnOptions {
  data: string;
  out: string;
  trials: number;
  seed: number;
  json?: boolean;
}

export function registerSweep(program: Command): void {
  const command = program
    .command('sweep')
    .description('search hyperparameters that minimise the held-out log-loss; resumable')
    .requiredOption('--data <file>', 'labelled tickets: CSV, TSV or JSON Lines with a header')
    .requiredOption('--out <folder>', 'output folder for trials.jsonl, best.json (for train --settings) and sweep.html')
    .option('--trials <n>', 'number of trials; the first uses the default settings', wholeNumber('--trials'), 16)
    .option('--seed <n>', 'random seed', wholeNumber('--seed'), 1)
    .option('--json', 'print the best trial as JSON');
  addColumnOptions(command).action(async (options: SweepOptions) => {
    const { trials, seed } = options;
    if (trials < 2) throw new UserError('--trials: must be at least 2');
    const config = readConfig();
    const worker = await modelWorker(config);
    const out = resolve(options.out);
    await mkdir(out, { recursive: true });
    const cacheDir = join(config.MODEL_DIR, 'cache');
    const settings = { data: resolve(options.data), columns: columnsOf(options), out, trials, seed, cacheDir };
    const finished = await runJob<SweepSettings, Trial[]>({
      name: 'sweep',
      workerFile: sweepWorkerFile,
      order: { worker: worker.settings, settings },
      environment: worker.environment,
      onProgress: trainingProgress(),
    });
    const [best] = finished.filter(({ share }) => share === 1).sort((a, b) => a.logLoss - b.logLoss);
    if (!best) throw new UserError('no trial finished on all tickets');
    await writeFile(join(out, 'best.json'), `${JSON.stringify(best.recipe)}\n`);
    await writeFile(join(out, 'sweep.html'), await sweepPage(finished));
    process.stdout.write(
      options.json
        ? `${JSON.stringify(best)}\n`
        : `Best of ${trials} trials: ${JSON.stringify(best.recipe)}, log-loss ${best.logLoss}, top-1 ${best.top1} %\n${join(out, 'sweep.html')}\n`,
    );
  });
}
