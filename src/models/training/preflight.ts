/**
 * What must hold before a training is worth its time, and before its model is worth a place. After A. Karpathy, "A recipe
 * for training neural networks" (2019): look at the numbers, check the first loss, overfit one batch, beat a dumb baseline.
 */
import type { Prediction } from './held-out.js';
import { seeded, shuffle } from '../../statistics/random.js';
import { trainSoftmax } from '../heads/softmax-head.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { percentOf } from '../../statistics/percent.js';

/** The checks by the names that `--skip-preflight` takes. */
export const preflightChecks = {
  shapes: 'every ticket has all its numbers, each of them finite, and a class that there is',
  'start-loss': 'before the first step all templates are equally likely: the loss is log K',
  overfit: 'a few tickets can be learned by heart: the loss falls to nearly nothing',
  'encoder-start-loss': 'where the encoder is trained: before the first step its loss is log K',
  'encoder-overfit': 'where the encoder is trained: it can learn a few tickets by heart',
  baseline: 'on tickets held out, the model beats always suggesting the most frequent template',
} as const;

export type PreflightCheck = keyof typeof preflightChecks;

export interface PreflightResult {
  check: PreflightCheck;
  outcome: 'passed' | 'skipped' | 'too few tickets';
  /** What was measured, in words */
  seen: string;
}

/** A check before or beside the training failed; the message says which, what was seen, and how to go on without it. */
export class PreflightFailed extends Error {
  override readonly name = 'PreflightFailed';
}

const batch = 32;
const batchOfEncoder = 16;
const stepsByHeart = 60;
const mostLossByHeart = 0.1;
const farthestFromLogK = 0.01;
/** On fewer held-out tickets than that, a baseline can win by chance. */
const fewestHeldOut = 50;

type Outcome = Omit<PreflightResult, 'check' | 'outcome'> & { passed: boolean | null };

/** @throws PreflightFailed */
export async function checkBeforeTraining(
  tf: Tensorflow,
  data: TrainingData,
  seed: number,
  skip: readonly PreflightCheck[],
): Promise<PreflightResult[]> {
  const losses: number[] = [];
  const rows = differentTickets(data, seed);
  // Only the classes of the batch: with thousands of them the check would take longer than it is worth.
  const classes = [...new Set(rows.map((row) => data.labels[row] ?? 0))];
  const labels = data.labels.map((label) => Math.max(0, classes.indexOf(label)));
  const learn = async (): Promise<void> => {
    if (classes.length < 2) return;
    const options = { cost: 100_000, mostSteps: stepsByHeart, onLoss: (loss: number) => void losses.push(loss) };
    await trainSoftmax(tf, data.dense, labels, rows, classes.length, options);
  };
  const results = [judged('shapes', skip, () => checkShapes(data))];
  const needsBatch = !skip.includes('start-loss') || !skip.includes('overfit');
  if (needsBatch) await learn();
  results.push(
    judged('start-loss', skip, () => checkStart(losses[0], classes.length)),
    judged('overfit', skip, () => checkOverfit(losses.at(-1), rows.length)),
  );
  return results;
}

/**
 * @param learn trains the encoder on the rows and nothing else until the loss is as low as it is given, or it has had its
 * steps; answers the losses
 * @throws PreflightFailed
 */
export async function checkEncoderTraining(
  data: TrainingData,
  seed: number,
  skip: readonly PreflightCheck[],
  learn: (rows: Int32Array, until: number) => Promise<number[]>,
): Promise<PreflightResult[]> {
  const isAsked = !skip.includes('encoder-start-loss') || !skip.includes('encoder-overfit');
  const rows = differentTickets(data, seed).subarray(0, batchOfEncoder);
  const losses = rows.length < 2 || !isAsked ? [] : await learn(rows, mostLossByHeart);
  return [
    judged('encoder-start-loss', skip, () => checkStart(losses[0], data.classes.length)),
    judged('encoder-overfit', skip, () => checkOverfit(losses.at(-1), rows.length)),
  ];
}

/** @throws PreflightFailed */
export function checkBaseline(
  predictions: readonly Prediction[],
  labelCounts: readonly number[],
  skip: readonly PreflightCheck[],
): PreflightResult {
  return judged('baseline', skip, () => {
    const commonest = labelCounts.indexOf(labelCounts.reduce((most, count) => Math.max(most, count), 0));
    const share = (right: (prediction: Prediction) => boolean): number =>
      percentOf(predictions.filter(right).length, predictions.length);
    const model = share(({ label, predicted }) => label === predicted);
    const majority = share(({ label }) => label === commonest);
    const seen = `${model} % right, the most frequent template alone ${majority} %, on ${predictions.length} tickets held out`;
    return { seen, passed: predictions.length < fewestHeldOut ? null : model > majority };
  });
}

function judged(check: PreflightCheck, skip: readonly PreflightCheck[], run: () => Outcome): PreflightResult {
  if (skip.includes(check)) return { check, outcome: 'skipped', seen: 'not looked at' };
  const { passed, seen } = run();
  if (passed === false) {
    throw new PreflightFailed(
      `pre-flight "${check}" failed: ${preflightChecks[check]}; but ${seen}. ` +
        `Look at the labels and columns first; --skip-preflight ${check} trains all the same`,
    );
  }
  return { check, outcome: passed === null ? 'too few tickets' : 'passed', seen };
}

function checkShapes({ dense, sparse, labels, classes }: TrainingData): Outcome {
  const count = labels.length;
  const problems: string[] = [];
  if (dense.values.length !== count * dense.width) {
    problems.push(`${dense.values.length} numbers stand for ${count} tickets of ${dense.width}`);
  }
  if (sparse.start.length !== count + 1)
    problems.push(`${sparse.start.length - 1} rows of n-grams for ${count} tickets`);
  const broken = dense.values.findIndex((value) => !Number.isFinite(value));
  if (broken !== -1) problems.push(`ticket ${Math.floor(broken / dense.width) + 1} has a number that is not finite`);
  const brokenNgram = sparse.values.findIndex((value) => !Number.isFinite(value));
  if (brokenNgram !== -1) problems.push('an n-gram has a weight that is not finite');
  const stray = labels.findIndex((label) => label < -1 || label >= classes.length);
  if (stray !== -1) problems.push(`ticket ${stray + 1} has class ${labels[stray] ?? ''} of ${classes.length}`);
  const seen = `${count} tickets of ${dense.width} numbers (float32) and ${sparse.width} n-grams, ${classes.length} templates (int32)`;
  return problems.length === 0 ? { passed: true, seen } : { passed: false, seen: problems.join('; ') };
}

function checkStart(loss: number | undefined, classes: number): Outcome {
  if (loss === undefined) return { passed: null, seen: 'fewer than two different tickets' };
  const expected = Math.log(classes);
  const seen = `the first loss is ${loss.toFixed(4)}, log ${classes} is ${expected.toFixed(4)}`;
  return { passed: Math.abs(loss - expected) <= farthestFromLogK * expected, seen };
}

function checkOverfit(loss: number | undefined, tickets: number): Outcome {
  if (loss === undefined) return { passed: null, seen: 'fewer than two different tickets' };
  return {
    passed: loss < mostLossByHeart,
    seen: `the loss on ${tickets} tickets learned by heart is ${loss.toFixed(4)}`,
  };
}

/** Tickets that differ in what they say, of as many classes as there is room for: the same text can't be two things. */
function differentTickets({ labels, groups, dense }: TrainingData, seed: number): Int32Array {
  const order = Int32Array.from([...labels.keys()].filter((row) => (labels[row] ?? -1) >= 0));
  shuffle(order, order.length, seeded(seed));
  const texts = new Set<number>();
  const numbers = new Set<string>();
  const classes = new Set<number>();
  const others: number[] = [];
  const chosen: number[] = [];
  for (const row of order) {
    if (chosen.length >= batch) break;
    const key = dense.values.subarray(row * dense.width, row * dense.width + 8).join();
    if (texts.has(groups[row] ?? 0) || numbers.has(key)) continue;
    texts.add(groups[row] ?? 0);
    numbers.add(key);
    const label = labels[row] ?? 0;
    if (classes.has(label)) others.push(row);
    else chosen.push(row);
    classes.add(label);
  }
  return Int32Array.from([...chosen, ...others.slice(0, batch - chosen.length)]);
}
