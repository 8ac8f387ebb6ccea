import { dirname, join, resolve } from 'node:path';
import { mkdir, readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { readConfig } from '../config/config.js';
import { defaultFinetune } from '../models/finetuning/finetune-settings.js';
import { preflightChecks, type PreflightCheck } from '../models/training/preflight.js';
import type { Recipe } from '../models/heads/recipe.js';
import { runTraining } from '../models/jobs/training-process.js';
import { addReference } from '../retrain/comparison/model-reference.js';
import { reportToMlflow } from '../retrain/runs/mlflow.js';
import { addColumnOptions, columnsOf, type ColumnOptions } from './options/columns.js';
import { trainingProgress } from './options/progress.js';
import { UserError } from './options/user-error.js';
import { modelWorker } from './options/with-model.js';
import { share, wholeNumber } from './options/numbers.js';

interface TrainOptions extends ColumnOptions {
  data: string;
  templates?: string;
  validation?: string;
  out: string;
  seed: number;
  precision: number;
  coverage: number;
  knownContactType?: boolean;
  recipe: 'frozen' | 'finetune';
  settings?: string;
  skipPreflight?: PreflightCheck[];
  json?: boolean;
}

export function registerTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a model version from a file of labelled tickets')
    .requiredOption('--data <file>', 'labelled tickets: CSV, TSV or JSON Lines with a header')
    .option(
      '--templates <file>',
      'JSON Lines of {"id","title","body","contactTypes"}, or CSV: the model also learns from their text',
    )
    .requiredOption('--out <folder>', 'output folder of the new version; must not exist')
    .option('--validation <file>', 'labelled tickets used to tune thresholds, such as later ones')
    .addOption(
      new Option(
        '--recipe <name>',
        'frozen: train heads on the pretrained encoder; finetune: train the encoder as well',
      )
        .choices(['frozen', 'finetune'])
        .default('frozen'),
    )
    .option('--seed <n>', 'random seed', wholeNumber('--seed'), 1)
    .option('--precision <share>', 'target precision of first suggestions that are shown', share('--precision'), 0.5)
    .option('--coverage <share>', 'target coverage of the prediction set', share('--coverage'), 0.97)
    .option('--known-contact-type', 'use the contact type as an input (known when a ticket arrives)')
    .option('--settings <file>', 'JSON file of hyperparameters, such as best.json of "replyrank sweep"')
    .addOption(skipPreflight())
    .option('--json', 'print the result as JSON');
  addColumnOptions(command).action(runTrain);
}

async function runTrain(options: TrainOptions): Promise<void> {
  const config = readConfig();
  const worker = await modelWorker(config);
  const out = resolve(options.out);
  await mkdir(dirname(out), { recursive: true });
  const onProgress = trainingProgress();
  const model = await runTraining(
    {
      worker: worker.settings,
      settings: {
        data: resolve(options.data),
        columns: columnsOf(options),
        validation: options.validation === undefined ? null : resolve(options.validation),
        templates: options.templates === undefined ? null : resolve(options.templates),
        out,
        seed: options.seed,
        precision: options.precision,
        coverage: options.coverage,
        knownContactType: options.knownContactType ?? false,
        cacheDir: join(config.MODEL_DIR, 'cache'),
        skipPreflight: options.skipPreflight,
        encoderTraining: options.recipe === 'finetune' ? defaultFinetune : undefined,
        recipe: options.settings === undefined ? undefined : await readRecipe(resolve(options.settings)),
      },
    },
    worker.environment,
    onProgress,
  );
  onProgress('making the drift reference', null);
  await addReference(out, model.seed);
  onProgress('making the drift reference', 1);
  if (config.MLFLOW_TRACKING_URI !== undefined) {
    const problem = await reportToMlflow(config.MLFLOW_TRACKING_URI, out);
    if (problem !== null) process.stderr.write(`replyrank: ${problem}\n`);
  }
  const { version, heldOut, data, seconds, classes, labelCounts } = model;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ version, folder: out, seconds, rows: data.rows, templates: classes.length, heldOut })}\n`,
    );
    return;
  }
  const rarest = Math.min(...labelCounts);
  process.stdout.write(
    `${version} in ${out}: ${data.rows} tickets, ${classes.length} templates (the rarest with ${rarest} labels), ${seconds} s\n` +
      `Held-out tickets: top-1 ${heldOut.top1} %, hits@3 ${heldOut.hits3} %\n`,
  );
}

const recipeSchema = z.strictObject({
  denseCost: z.number().positive(),
  denseSteps: z.int().min(1),
  sparseCost: z.number().positive(),
  maxNgrams: z.int().min(1).nullable(),
}) satisfies z.ZodType<Recipe>;

async function readRecipe(file: string): Promise<Recipe> {
  try {
    return recipeSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new UserError(`--settings ${file}: ${problem}`);
  }
}

function skipPreflight(): Option {
  const names = Object.keys(preflightChecks) as PreflightCheck[];
  const meanings = names.map((name) => `${name} (${preflightChecks[name]})`);
  return new Option('--skip-preflight <name>', `skip a check; repeatable: ${meanings.join('; ')}`).argParser(
    (text: string, before: PreflightCheck[] | undefined) => {
      const name = names.find((known) => known === text);
      if (!name) throw new UserError(`--skip-preflight: unknown check "${text}"; available: ${names.join(', ')}`);
      return [...(before ?? []), name];
    },
  );
}
