/**
 * Hyperparameter search: random search with successive halving (Jamieson & Talwalkar, "Non-stochastic best arm identification",
 * AISTATS 2016). All trials get a quarter of the tickets, the better half twice as many, and so on. The objective is the
 * out-of-fold log-loss.
 */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fitWeights, type LabelledScores } from '../heads/combination.js';
import { crossFit } from './cross-fit.js';
import { templateKind } from '../heads/head-scores.js';
import type { Columns } from '../dataset/data-row.js';
import type { Encoder } from '../encoder/encoder.js';
import { predictHeldOut, summarise } from './held-out.js';
import { hash32, seeded } from '../../statistics/random.js';
import { defaultRecipe, type Recipe } from '../heads/recipe.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { type TrainingData } from '../dataset/training-data.js';
import { readTrainingData } from '../dataset/read-training-data.js';

export interface SweepSettings {
  data: string;
  columns: Columns;
  /** Folder of the results; an interrupted sweep resumes from it. */
  out: string;
  trials: number;
  seed: number;
  cacheDir: string;
}

export interface Trial {
  /** From 0, which is the default recipe */
  trial: number;
  /** Of the tickets, 0–1 */
  share: number;
  recipe: Recipe;
  logLoss: number;
  /** Percent */
  top1: number;
  seconds: number;
}

/** The folder has the results of another sweep. */
export class SweepError extends Error {
  override readonly name = 'SweepError';
}

export const trialsFile = 'trials.jsonl';

const shares = [0.25, 0.5, 1];
const ngramLimits = [null, 5_000, 10_000, 20_000, 40_000];

/** @returns the recipe of a trial, log-uniform; trial 0 is the default recipe */
export function drawRecipe(trial: number, seed: number): Recipe {
  if (trial === 0) return defaultRecipe;
  const random = seeded(hash32(`trial ${trial}`, seed));
  const between = (min: number, max: number): number => Number((min * (max / min) ** random()).toPrecision(3));
  return {
    denseCost: between(0.5, 200),
    denseSteps: Math.round(between(15, 150)),
    sparseCost: between(0.02, 10),
    maxNgrams: ngramLimits[Math.floor(random() * ngramLimits.length)] ?? null,
  };
}

/** @returns the trials of a round that continue with more tickets: the better half, at least one */
export function survivors(round: readonly Trial[]): Trial[] {
  return round.toSorted((a, b) => a.logLoss - b.logLoss).slice(0, Math.max(1, Math.ceil(round.length / 2)));
}

/**
 * @returns all finished trials, in the order in which they ended
 * @throws SweepError | DataFileError
 */
export async function sweep(
  tf: Tensorflow,
  encoder: Encoder,
  settings: SweepSettings,
  onProgress: (phase: string, done: number | null, note?: string) => void | Promise<void>,
): Promise<Trial[]> {
  const { out, seed, trials } = settings;
  const finished = await readFinishedTrials(out);
  let current: { limit: number | null; data: TrainingData } | null = null;
  const dataFor = async (limit: number | null): Promise<TrainingData> => {
    if (current?.limit === limit) return current.data;
    const given = { ...settings, file: settings.data, templates: null, knownContactType: false, maxNgrams: limit };
    current = {
      limit,
      data: await readTrainingData(given, encoder, (rows) => onProgress('reading tickets', null, `${rows}`)),
    };
    return current.data;
  };
  await checkSameSweep(settings, (await dataFor(null)).hash);
  let contenders = Array.from({ length: trials }, (_, trial) => trial);
  let done = 0;
  const all = roundSizes(trials).reduce((sum, count) => sum + count, 0);
  for (const share of shares) {
    // Sorted by vocabulary size: trials that share it share one reading of the file.
    const limitOf = (trial: number): number => drawRecipe(trial, seed).maxNgrams ?? 0;
    contenders.sort((a, b) => limitOf(a) - limitOf(b) || a - b);
    const round: Trial[] = [];
    for (const trial of contenders) {
      const recipe = drawRecipe(trial, seed);
      let result = finished.find((other) => other.trial === trial && other.share === share);
      if (!result) {
        const report = (part: number): void | Promise<void> => onProgress('trials', (done + part) / all);
        const measured = await runTrial(tf, await dataFor(recipe.maxNgrams), recipe, share, seed, report);
        result = { trial, share, recipe, ...measured };
        finished.push(result);
        await appendFile(join(out, trialsFile), `${JSON.stringify(result)}\n`);
      }
      done += 1;
      await onProgress('trials', done / all, `log-loss ${result.logLoss.toFixed(4)}`);
      round.push(result);
    }
    contenders = survivors(round).map(({ trial }) => trial);
  }
  return finished;
}

function roundSizes(trials: number): number[] {
  return shares.map((_, round) => Math.max(1, Math.ceil(trials / 2 ** round)));
}

async function runTrial(
  tf: Tensorflow,
  data: TrainingData,
  recipe: Recipe,
  share: number,
  seed: number,
  onProgress: (share: number) => void | Promise<void>,
): Promise<Pick<Trial, 'logLoss' | 'top1' | 'seconds'>> {
  const startedAt = performance.now();
  const some = subsample(data, share);
  const scores = await crossFit(tf, some, { seed, onProgress, lossCurve: () => () => undefined, recipe });
  const proof: LabelledScores = {
    labels: scores.rows.map((row) => some.labels[row] ?? -1),
    classes: data.classes.length,
    // Without template similarity, which the hyperparameters do not affect.
    scores: scores.scores.slice(0, templateKind),
  };
  const { logLoss, top1 } = summarise(predictHeldOut(scores.rows, proof, await fitWeights(proof)));
  return { logLoss, top1, seconds: Math.round(performance.now() - startedAt) / 1000 };
}

/** The same share of the tickets each time; the others lose their labels. */
function subsample(data: TrainingData, share: number): TrainingData {
  const isIn = (row: number): boolean => hash32(String(data.dedupGroups[row]), 1) / 2 ** 32 < share;
  return { ...data, labels: data.labels.map((label, row) => (share === 1 || isIn(row) ? label : -1)) };
}

/** Drops the incomplete last line that a killed sweep can leave. */
async function readFinishedTrials(out: string): Promise<Trial[]> {
  const text = await readFile(join(out, trialsFile), 'utf8').catch(() => '');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) await writeFile(join(out, trialsFile), whole);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Trial);
}

async function checkSameSweep({ out, seed, trials }: SweepSettings, hash: string): Promise<void> {
  const file = join(out, 'sweep.json');
  const now = JSON.stringify({ seed, trials, data: hash });
  const before = await readFile(file, 'utf8').catch(() => null);
  if (before === null) await writeFile(file, now);
  else if (before !== now) {
    throw new SweepError(
      `${out} has a sweep of other tickets, another seed or another number of trials. Use another folder`,
    );
  }
}
