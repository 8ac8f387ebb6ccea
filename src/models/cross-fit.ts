/** Trains the heads; and trains them without some rows, to see what they say of those. */
import { fitDiscriminant } from './discriminant.js';
import { foldsOf } from './folds.js';
import { headScores, joined, likeness, type HeadScores } from './head-scores.js';
import type { Learner } from './learner.js';
import { trainLinearSvm, type LinearHead } from './linear-svm.js';
import { ticketBank, type TicketBank } from './nearest-tickets.js';
import { seeded, shuffle } from './random.js';
import { defaultRecipe, type Recipe } from './recipe.js';
import { trainSoftmax } from './softmax-head.js';
import { templateEmbeddings, templatesTeach } from './template-rows.js';
import type { Tensorflow } from './tensorflow.js';
import type { TrainingData } from './training-data.js';

const folds = 5;
/** Of few rows every one is missed in training: more folds leave more of them in. */
const foldsOfFewRows = 10;
const fewRows = 2_000;
/** With more rows and classes than that, one fold is evidence enough, and five would take hours. */
const mostScoresOfAllFolds = 10_000_000;
const mostScores = 40_000_000;
/** One of so many rows is held out then. */
const shareOfOneFold = 10;

export interface Heads {
  dense: LinearHead;
  sparse: LinearHead;
  nearest: TicketBank;
  discriminant: LinearHead;
}

/** Scores of rows by heads that had not seen them. */
export interface HeldOutScores extends HeadScores {
  /** Which rows of the data */
  rows: Int32Array;
  /** Cosine to each class's template, [rows, classes] */
  likeness: Float32Array;
}

type Progress = (share: number) => void | Promise<void>;

/** @param rows which rows to learn from; all of them have a class */
export async function trainHeads(
  tf: Tensorflow,
  data: TrainingData,
  rows: Int32Array,
  seed: number,
  onProgress: Progress,
  onLoss?: (loss: number) => void,
  { denseCost, denseSteps, sparseCost }: Recipe = defaultRecipe,
): Promise<Heads> {
  const classes = data.classes.length;
  const teach = templatesTeach(data, rows, (some) => likeness(data, some, templateEmbeddings(data)));
  const examples = teach ? data.dense.templates : null;
  const dense = await trainSoftmax(
    tf,
    data.dense,
    data.labels,
    rows,
    classes,
    { cost: denseCost, mostSteps: denseSteps, examples, onLoss },
    (share) => onProgress(share / 2),
  );
  const sparse = await trainLinearSvm(data.sparse, data.labels, rows, classes, { cost: sparseCost, seed }, (share) =>
    onProgress(0.5 + share / 2),
  );
  const nearest = ticketBank(data, rows, seed);
  const { dense: features, labels } = data;
  const discriminant = fitDiscriminant(tf, { dense: features, labels, rows, classes, templates: examples });
  return { dense, sparse, nearest, discriminant };
}

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
    const heads = await trainHeads(tf, seen, train, seed + fold, report, curve(name), recipe);
    heldOut.push({
      rows: out,
      ...headScores(tf, seen, heads, out),
      likeness: likeness(seen, out, templateEmbeddings(seen)),
    });
  }
  return {
    rows: joined(
      heldOut.map(({ rows }) => rows),
      Int32Array,
    ),
    dense: joined(
      heldOut.map(({ dense }) => dense),
      Float32Array,
    ),
    sparse: joined(
      heldOut.map(({ sparse }) => sparse),
      Float32Array,
    ),
    nearest: joined(
      heldOut.map(({ nearest }) => nearest),
      Float32Array,
    ),
    discriminant: joined(
      heldOut.map(({ discriminant }) => discriminant),
      Float32Array,
    ),
    likeness: joined(
      heldOut.map(({ likeness: scores }) => scores),
      Float32Array,
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
