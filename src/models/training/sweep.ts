/**
 * Searches better settings of the recipe: at random, and with successive halving (Jamieson & Talwalkar, "Non-stochastic
 * best arm identification", AISTATS 2016): all trials see a quarter of the tickets, the better half of them twice as many,
 * and so on. Judged by the log-loss on tickets held out, and by nothing else.
 */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fitWeights, type Evidence } from '../heads/combination.js';
import { crossFit } from './cross-fit.js';
import { likenessKind } from '../heads/head-scores.js';
import type { Columns } from '../dataset/data-row.js';
import type { Encoder } from '../encoder/encoder.js';
import { predictionsOf, scored } from './held-out.js';
import { hash32, seeded } from '../../statistics/random.js';
import { defaultRecipe, type Recipe } from '../heads/recipe.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { type TrainingData } from '../dataset/training-data.js';
import { readTrainingData } from '../dataset/read-training-data.js';

export interface SweepSettings {
  data: string;
  columns: Columns;
  /** Folder of the results; a sweep that was interrupted goes on where it stood. */
  out: string;
  trials: number;
  seed: number;
  cacheDir: string;
}

export interface Trial {
  /** From 0, which is the recipe as it is */
  trial: number;
  /** Of the tickets, 0–1 */
  share: number;
  recipe: Recipe;
  logLoss: number;
  /** Percent */
  top1: number;
  seconds: number;
}

/** The folder holds another sweep. */
export class SweepError extends Error {
  override readonly name = 'SweepError';
}

export const trialsFile = 'trials.jsonl';

const shares = [0.25, 0.5, 1];
const ngramLimits = [null, 5_000, 10_000, 20_000, 40_000];

/** @returns the settings of a trial; the first one's are those that a training takes by itself */
export function recipeOf(trial: number, seed: number): Recipe {
  if (trial === 0) return defaultRecipe;
  const random = seeded(hash32(`trial ${trial}`, seed));
  const between = (least: number, most: number): number => Number((least * (most / least) ** random()).toPrecision(3));
  return {
    denseCost: between(0.5, 200),
    denseSteps: Math.round(between(15, 150)),
    sparseCost: between(0.02, 10),
    mostNgrams: ngramLimits[Math.floor(random() * ngramLimits.length)] ?? null,
  };
}

/** @returns which of the trials of one round see more tickets in the next: the better half, at least one */
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
  const finished = await finishedTrials(out);
  let current: { limit: number | null; data: TrainingData } | null = null;
  const dataFor = async (limit: number | null): Promise<TrainingData> => {
    if (current?.limit === limit) return current.data;
    const given = { ...settings, file: settings.data, templates: null, knownContactType: false, mostNgrams: limit };
    current = {
      limit,
      data: await readTrainingData(given, encoder, (rows) => onProgress('reading tickets', null, `${rows}`)),
    };
    return current.data;
  };
  await sameSweep(settings, (await dataFor(null)).hash);
  let contenders = Array.from({ length: trials }, (_, trial) => trial);
  let done = 0;
  const all = roundsOf(trials).reduce((sum, count) => sum + count, 0);
  for (const share of shares) {
    // Those that look at the same n-grams one after another: the file is read once for them.
    const limitOf = (trial: number): number => recipeOf(trial, seed).mostNgrams ?? 0;
    contenders.sort((a, b) => limitOf(a) - limitOf(b) || a - b);
    const round: Trial[] = [];
    for (const trial of contenders) {
      const recipe = recipeOf(trial, seed);
      let result = finished.find((other) => other.trial === trial && other.share === share);
      if (!result) {
        const report = (part: number): void | Promise<void> => onProgress('trials', (done + part) / all);
        const measured = await measure(tf, await dataFor(recipe.mostNgrams), recipe, share, seed, report);
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

function roundsOf(trials: number): number[] {
  return shares.map((_, round) => Math.max(1, Math.ceil(trials / 2 ** round)));
}

async function measure(
  tf: Tensorflow,
  data: TrainingData,
  recipe: Recipe,
  share: number,
  seed: number,
  onProgress: (share: number) => void | Promise<void>,
): Promise<Pick<Trial, 'logLoss' | 'top1' | 'seconds'>> {
  const startedAt = performance.now();
  const some = thinned(data, share);
  const scores = await crossFit(tf, some, { seed, onProgress, curve: () => () => undefined, recipe });
  const proof: Evidence = {
    labels: scores.rows.map((row) => some.labels[row] ?? -1),
    classes: data.classes.length,
    // Without what the templates say: settings are searched for what is learned.
    scores: scores.scores.slice(0, likenessKind),
  };
  const { logLoss, top1 } = scored(predictionsOf(scores.rows, proof, await fitWeights(proof)));
  return { logLoss, top1, seconds: Math.round(performance.now() - startedAt) / 1000 };
}

/** A share of the tickets, the same at each time; the others count as tickets without a label. */
function thinned(data: TrainingData, share: number): TrainingData {
  const isIn = (row: number): boolean => hash32(String(data.groups[row]), 1) / 2 ** 32 < share;
  return { ...data, labels: data.labels.map((label, row) => (share === 1 || isIn(row) ? label : -1)) };
}

/** One line each; what was being written when a sweep was killed is not one. */
async function finishedTrials(out: string): Promise<Trial[]> {
  const text = await readFile(join(out, trialsFile), 'utf8').catch(() => '');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) await writeFile(join(out, trialsFile), whole);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Trial);
}

async function sameSweep({ out, seed, trials }: SweepSettings, hash: string): Promise<void> {
  const file = join(out, 'sweep.json');
  const now = JSON.stringify({ seed, trials, data: hash });
  const before = await readFile(file, 'utf8').catch(() => null);
  if (before === null) await writeFile(file, now);
  else if (before !== now) {
    throw new SweepError(
      `${out} holds a sweep of other tickets, another seed or number of trials: take another folder`,
    );
  }
}
