/** Cross-validation and learning curve of an assessment. */
import { classCounts, classMeans } from './baselines.js';
import { combineScores, fitWeights, type Scores } from '../heads/combination.js';
import { softmax } from '../ranking/softmax.js';
import type { Heads } from '../heads/heads.js';
import { trainHeads } from '../heads/train-heads.js';
import type { Prediction } from './answerable.js';
import { assignFolds } from '../dataset/folds.js';
import { headScores, concat, cosineSimilarities } from '../heads/head-scores.js';
import type { CurveRun } from './learning-curve.js';
import { seeded, shuffle } from '../../statistics/random.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';

const folds = 5;
/** Above this many rows × classes one fold of a tenth gives enough scores, and five would take hours. */
const maxScoresOfAllFolds = 10_000_000;
const partsOfSingleFold = 10;
/** In a large history the curve's shares are of this many labels; its last point is all of them. */
const maxCurveLabels = 50_000;

/** Shares of the training rows, and repeats of each: small samples vary most. */
export const curveSteps = [
  { share: 0.1, repeats: 3 },
  { share: 0.2, repeats: 3 },
  { share: 0.4, repeats: 2 },
  { share: 0.7, repeats: 1 },
];

export const baselineNames = ['majority', 'textMatch', 'ngrams', 'classMeans'] as const;
export type BaselineName = (typeof baselineNames)[number];

export interface HeldOut {
  /** Rows of the data, those of the first fold at the beginning */
  rows: Int32Array;
  rowsOfFirstFold: number;
  /** Training rows of the first fold */
  trainedInFirstFold: Int32Array;
  classes: number;
  /** Right class per row; -1 where no template fits */
  labels: Int32Array;
  /** 0 or 1 per row; the same for near-duplicates */
  halves: Uint8Array;
  /** Dense, n-grams, nearest, discriminant, template text: [rows, classes] each */
  scores: Scores[];
  /** Place of the right class per row and baseline, from 1; 0 where no template fits */
  ranks: Record<BaselineName, Int32Array>;
  /** Number of trainings, and their total time */
  trainings: number;
  seconds: number;
}

/** Labels, halves and scores of rows. */
type HalvedScores = Pick<HeldOut, 'labels' | 'halves' | 'classes' | 'scores'>;
type Progress = (share: number) => void | Promise<void>;

/** @param templates embeddings of each class's template */
export async function crossValidate(
  tf: Tensorflow,
  data: TrainingData,
  templates: readonly Float32Array[],
  seed: number,
  onProgress: Progress,
): Promise<HeldOut> {
  const classes = data.classes.length;
  const isSmall = data.labels.length * classes <= maxScoresOfAllFolds;
  const [parts, rounds] = isSmall ? [folds, folds] : [partsOfSingleFold, 1];
  const foldOf = assignFolds(data, parts);
  const foldScores: FoldScores[] = [];
  let seconds = 0;
  for (let fold = 0; fold < rounds; fold += 1) {
    const { train, rows } = split(data, foldOf, fold, Math.floor(maxScoresOfAllFolds / classes));
    if (train.length === 0 || rows.length === 0) continue;
    const startedAt = performance.now();
    const report = (share: number): void | Promise<void> => onProgress((fold + share) / rounds);
    const heads = await trainHeads(tf, data, { rows: train, seed, onProgress: report });
    seconds += (performance.now() - startedAt) / 1000;
    foldScores.push({ rows, train, ...scoreFold(tf, data, heads, { rows, train, templates }) });
  }
  const rows = concat(
    foldScores.map((part) => part.rows),
    Int32Array,
  );
  const labels = rows.map((row) => data.labels[row] ?? -1);
  const placesOf = (name: BaselineName): Int32Array =>
    rankRows(
      concat(
        foldScores.map(({ baselines }) => baselines[name]),
        Float32Array,
      ),
      labels,
      classes,
    );
  return {
    rows,
    rowsOfFirstFold: foldScores[0]?.rows.length ?? 0,
    trainedInFirstFold: foldScores[0]?.train ?? new Int32Array(),
    classes,
    labels,
    halves: Uint8Array.from(rows, (row) => ((data.dedupGroups[row] ?? 0) >>> 16) & 1),
    scores: [0, 1, 2, 3, 4].map((kind) =>
      concat(
        foldScores.map(({ scores }) => scores[kind] ?? new Float32Array()),
        Float32Array,
      ),
    ),
    ranks: {
      majority: placesOf('majority'),
      textMatch: placesOf('textMatch'),
      ngrams: placesOf('ngrams'),
      classMeans: placesOf('classMeans'),
    },
    trainings: foldScores.length,
    seconds,
  };
}

interface FoldScores {
  rows: Int32Array;
  /** Of each kind, [rows, classes] */
  scores: Scores[];
  baselines: Record<BaselineName, Scores>;
  train: Int32Array;
}

/** Scores of a fold's held-out rows, by the heads and by the baselines. */
function scoreFold(
  tf: Tensorflow,
  data: TrainingData,
  heads: Heads,
  { rows, train, templates }: { rows: Int32Array; train: Int32Array; templates: readonly Float32Array[] },
): Pick<FoldScores, 'scores' | 'baselines'> {
  const classes = data.classes.length;
  const textMatch = cosineSimilarities(data, rows, templates);
  const { dense, sparse: ngrams, nearest, discriminant } = headScores(tf, data, heads, rows);
  const counts = classCounts(data, train);
  const majority = Float32Array.from({ length: rows.length * classes }, (_, at) => counts[at % classes] ?? 0);
  const baselines = {
    majority,
    textMatch,
    ngrams,
    classMeans: cosineSimilarities(data, rows, classMeans(data, train)),
  };
  return { scores: [dense, ngrams, nearest, discriminant, textMatch], baselines };
}

function split(
  { labels }: TrainingData,
  foldOf: Int32Array,
  fold: number,
  maxRows: number,
): { train: Int32Array; rows: Int32Array } {
  const all = [...labels.keys()];
  const isOut = (row: number): boolean => foldOf[row] === fold;
  const rows = Int32Array.from(all.filter(isOut));
  if (rows.length > maxRows) shuffle(rows, rows.length, seeded(fold));
  return {
    train: Int32Array.from(all.filter((row) => !isOut(row) && (labels[row] ?? -1) >= 0)),
    rows: rows.slice(0, maxRows).sort(),
  };
}

/** Combination weights per half, fitted on the other half. */
export async function fitWeightsPerHalf({ labels, halves, classes, scores }: HalvedScores): Promise<number[][]> {
  return Promise.all(
    [0, 1].map((half) => {
      // Rows without a label are ignored by the fit.
      const others = labels.map((label, row) => (halves[row] === half ? -1 : label));
      return fitWeights({ labels: others, classes, scores });
    }),
  );
}

export interface RankedPrediction extends Prediction {
  /** Place of the right class, from 1; 0 where no template fits */
  rank: number;
}

export function scoreHeldOut(
  { labels, halves, classes, scores }: HalvedScores,
  weights: readonly number[][],
): RankedPrediction[] {
  return Array.from(labels, (label, row) => {
    const half = halves[row] ?? 0;
    const probabilities = softmax(combineScores(weights[half] ?? [], scores, row, classes));
    const rank = rankOfLabel(probabilities, 0, classes, label);
    return { confidence: probabilities.reduce((a, b) => Math.max(a, b), 0), right: rank === 1, rank, half };
  });
}

/** Trains on samples of the first fold's training rows; every training is tested on the first fold. */
export async function trainLearningCurve(
  tf: Tensorflow,
  data: TrainingData,
  heldOut: HeldOut,
  seed: number,
  onProgress: Progress,
): Promise<CurveRun[]> {
  const { rowsOfFirstFold: count, classes } = heldOut;
  const [rows, labels] = [heldOut.rows.subarray(0, count), heldOut.labels.subarray(0, count)];
  const textMatch = (heldOut.scores[4] ?? new Float32Array()).subarray(0, count * classes);
  // Weights are fitted per training: with fewer labels template similarity gets more weight.
  const rightOf = async (scores: Scores[]): Promise<Uint8Array> => {
    const evidence = { labels, halves: heldOut.halves.subarray(0, count), classes, scores };
    const judged = scoreHeldOut(evidence, await fitWeightsPerHalf(evidence));
    return Uint8Array.from(
      judged.filter(({ rank }) => rank > 0),
      ({ right }) => (right ? 1 : 0),
    );
  };
  const runs: CurveRun[] = [];
  const draws = curveSteps.flatMap(({ share, repeats }) =>
    Array.from({ length: repeats }, (_, repeat) => ({ share, repeat })),
  );
  for (const [index, { share, repeat }] of draws.entries()) {
    const order = Int32Array.from(heldOut.trainedInFirstFold);
    shuffle(order, order.length, seeded(seed + 1000 * (repeat + 1)));
    const train = order.slice(0, Math.max(1, Math.round(share * Math.min(order.length, maxCurveLabels)))).sort();
    const report = (done: number): void | Promise<void> => onProgress((index + done) / draws.length);
    const heads = await trainHeads(tf, data, { rows: train, seed: seed + repeat, onProgress: report });
    const { dense, sparse, nearest, discriminant } = headScores(tf, data, heads, rows);
    runs.push({ labels: train.length, right: await rightOf([dense, sparse, nearest, discriminant, textMatch]) });
  }
  runs.push({
    labels: heldOut.trainedInFirstFold.length,
    right: await rightOf(heldOut.scores.map((kind) => kind.subarray(0, count * classes))),
  });
  return runs;
}

/** @param scores [rows, classes] */
function rankRows(scores: Float32Array, labels: Int32Array, classes: number): Int32Array {
  return labels.map((label, row) => rankOfLabel(scores, row * classes, classes, label));
}

/** Ties are ranked by class, as in a ranking. */
function rankOfLabel(scores: Float32Array | Float64Array, start: number, classes: number, label: number): number {
  if (label === -1) return 0;
  const own = scores[start + label] ?? 0;
  let rank = 1;
  for (let other = 0; other < classes; other += 1) {
    const score = scores[start + other] ?? 0;
    if (score > own || (score === own && other < label)) rank += 1;
  }
  return rank;
}
