/** Trains the heads; and trains them without some rows, to see what they say of those. */
import { foldsOf } from '../dataset/folds.js';
import { evidenceOf, joined, likenessKind } from '../heads/head-scores.js';
import type { Learner } from './fold-encoder.js';
import { seeded, shuffle } from '../../statistics/random.js';
import { defaultRecipe, type Recipe } from '../heads/recipe.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { trainHeads } from '../heads/train-heads.js';

const folds = 5;
/** Of few rows every one is missed in training: more folds leave more of them in. */
const foldsOfFewRows = 10;
const fewRows = 2_000;
/** With more rows and classes than that, one fold is evidence enough, and five would take hours. */
const mostScoresOfAllFolds = 10_000_000;
const mostScores = 10_000_000;
/** One of so many rows is held out then. */
const shareOfOneFold = 10;

/** Scores of rows by heads that had not seen them. */
export interface HeldOutScores {
  /** Which rows of the data */
  rows: Int32Array;
  /** Of each kind (`evidenceOf`), [rows, classes] */
  scores: Float32Array[];
}

export type Progress = (share: number) => void | Promise<void>;

export interface CrossFitOptions {
  seed: number;
  onProgress: Progress;
  /** Told the losses of a training of that name */
  curve: (training: string) => (loss: number) => void;
  recipe?: Recipe | undefined;
  /** Without it tickets look as in the data. */
  learner?: Pick<Learner, 'folds' | 'learn'> | undefined;
}

/** Rows that say the same are held out together (`data.groups`). */
export async function crossFit(
  tf: Tensorflow,
  data: TrainingData,
  { seed, onProgress, curve, recipe = defaultRecipe, learner }: CrossFitOptions,
): Promise<HeldOutScores> {
  const classes = data.classes.length;
  const all = [...data.labels.keys()];
  const { parts, rounds } = learner?.folds ?? partsOf(all.length, classes);
  const foldOf = foldsOf(data, parts);
  const heldOut: HeldOutScores[] = [];
  for (let fold = 0; fold < rounds; fold += 1) {
    const isOut = (row: number): boolean => foldOf[row] === fold;
    const train = Int32Array.from(all.filter((row) => !isOut(row) && (data.labels[row] ?? -1) >= 0));
    const out = sampled(all.filter(isOut), Math.floor(mostScores / classes), seed);
    if (train.length === 0 || out.length === 0) continue;
    const name = `fold ${fold + 1}`;
    const lesson = { name, rows: train, heldOut: out, seed: seed + fold };
    const seen = learner ? await learner.learn(lesson) : data;
    const report = (share: number): void | Promise<void> => onProgress((fold + share) / rounds);
    const usual = seen === data ? null : data;
    const lessonOfHeads = { rows: train, seed: seed + fold, onProgress: report, onLoss: curve(name), recipe, usual };
    const heads = await trainHeads(tf, seen, lessonOfHeads);
    heldOut.push({ rows: out, scores: evidenceOf(tf, { data: seen, usual }, heads, out) });
  }
  // Of very few tickets none can be held out.
  const kinds = heldOut[0]?.scores.length ?? likenessKind + 1;
  return {
    rows: joined(
      heldOut.map(({ rows }) => rows),
      Int32Array,
    ),
    scores: Array.from({ length: kinds }, (_, kind) =>
      joined(
        heldOut.map(({ scores }) => scores[kind] ?? new Float32Array()),
        Float32Array,
      ),
    ),
  };
}

function partsOf(rows: number, classes: number): { parts: number; rounds: number } {
  if (rows * classes > mostScoresOfAllFolds) return { parts: shareOfOneFold, rounds: 1 };
  const count = rows < fewRows ? foldsOfFewRows : folds;
  return { parts: count, rounds: count };
}

function sampled(rows: number[], most: number, seed: number): Int32Array {
  const all = Int32Array.from(rows);
  if (all.length <= most) return all;
  shuffle(all, all.length, seeded(seed));
  return all.slice(0, most).sort();
}
