/** Cross-fitting: out-of-fold scores, by heads that are trained on all folds but one. */
import { assignFolds } from '../dataset/folds.js';
import { scoresByKind, concat, templateKind } from '../heads/head-scores.js';
import type { FoldEncoder } from './fold-encoder.js';
import { seeded, shuffle } from '../../statistics/random.js';
import { defaultRecipe, type Recipe } from '../heads/recipe.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { type Progress, trainHeads } from '../heads/train-heads.js';

const folds = 5;
/** With few rows each one is missed in training; more folds leave more of them in. */
const foldsWithFewRows = 10;
const fewRows = 2_000;
/** Above this many rows × classes one fold gives enough scores, and five would take hours. */
const maxScoresOfAllFolds = 10_000_000;
/** Scores of one fold that are kept: 40 MB of each kind */
const maxScores = 10_000_000;
/** Where only one fold is held out, it is one tenth of the rows. */
const partsOfSingleFold = 10;

/** Scores of rows by heads that were not trained on them. */
export interface OutOfFoldScores {
  /** Row numbers in the data */
  rows: Int32Array;
  /** Per kind (`scoresByKind`), [rows, classes] */
  scores: Float32Array[];
}

export interface CrossFitOptions {
  seed: number;
  onProgress: Progress;
  /** @returns a listener for the losses of the training of that name */
  lossCurve: (training: string) => (loss: number) => void;
  recipe?: Recipe | undefined;
  /** Default: tickets stay as the data encodes them */
  foldEncoder?: Pick<FoldEncoder, 'foldPlan' | 'encodeFold'> | undefined;
}

/** Near-duplicates are held out together (`data.dedupGroups`). */
export async function crossFit(
  tf: Tensorflow,
  data: TrainingData,
  { seed, onProgress, lossCurve, recipe = defaultRecipe, foldEncoder }: CrossFitOptions,
): Promise<OutOfFoldScores> {
  const classes = data.classes.length;
  const all = [...data.labels.keys()];
  const { parts, rounds } = foldEncoder?.foldPlan ?? planFolds(all.length, classes);
  const foldOfRow = assignFolds(data, parts);
  const scored: OutOfFoldScores[] = [];
  for (let fold = 0; fold < rounds; fold += 1) {
    const isHeldOut = (row: number): boolean => foldOfRow[row] === fold;
    const rows = Int32Array.from(all.filter((row) => !isHeldOut(row) && (data.labels[row] ?? -1) >= 0));
    const heldOut = sampleRows(all.filter(isHeldOut), Math.floor(maxScores / classes), seed);
    if (rows.length === 0 || heldOut.length === 0) continue;
    const name = `fold ${fold + 1}`;
    const foldSeed = seed + fold;
    const encoded = foldEncoder ? await foldEncoder.encodeFold({ name, rows, heldOut, seed: foldSeed }) : data;
    const baseData = encoded === data ? null : data;
    const heads = await trainHeads(tf, encoded, {
      rows,
      seed: foldSeed,
      onProgress: (share) => onProgress((fold + share) / rounds),
      onLoss: lossCurve(name),
      recipe,
      baseData,
    });
    scored.push({ rows: heldOut, scores: scoresByKind(tf, { data: encoded, baseData }, heads, heldOut) });
  }
  return concatFolds(scored);
}

function concatFolds(folds: readonly OutOfFoldScores[]): OutOfFoldScores {
  // With very few tickets no row can be held out; the kinds are there all the same.
  const kinds = folds[0]?.scores.length ?? templateKind + 1;
  const rows = folds.map((fold) => fold.rows);
  const scoresOfKind = (kind: number): Float32Array[] => folds.map(({ scores }) => scores[kind] ?? new Float32Array());
  return {
    rows: concat(rows, Int32Array),
    scores: Array.from({ length: kinds }, (_, kind) => concat(scoresOfKind(kind), Float32Array)),
  };
}

function planFolds(rows: number, classes: number): { parts: number; rounds: number } {
  if (rows * classes > maxScoresOfAllFolds) return { parts: partsOfSingleFold, rounds: 1 };
  const count = rows < fewRows ? foldsWithFewRows : folds;
  return { parts: count, rounds: count };
}

function sampleRows(rows: number[], limit: number, seed: number): Int32Array {
  const all = Int32Array.from(rows);
  if (all.length <= limit) return all;
  shuffle(all, all.length, seeded(seed));
  return all.slice(0, limit).sort();
}
