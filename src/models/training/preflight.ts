/**
 * Checks before a training, and before its model is saved. After A. Karpathy, "A recipe for training neural networks" (2019):
 * inspect the data, check the initial loss, overfit one batch, beat a trivial baseline.
 */
import type { Prediction } from './held-out.js';
import { seeded, shuffle } from '../../statistics/random.js';
import { trainSoftmax } from '../heads/softmax-head.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { percentOf } from '../../statistics/percent.js';

/** The checks by the names that `--skip-preflight` takes. */
export const preflightChecks = {
  shapes: 'every ticket has a full row of finite numbers and a valid class',
  'start-loss': 'before the first step all templates are equally likely, so the loss is log K',
  overfit: 'the heads can overfit one batch: the loss falls to nearly 0',
  'encoder-start-loss': 'recipe finetune: before the first step the loss of the encoder is log K',
  'encoder-overfit': 'recipe finetune: the encoder can overfit one batch',
  baseline: 'on held-out tickets the model beats the majority-class baseline',
} as const;

export type PreflightCheck = keyof typeof preflightChecks;

export interface PreflightResult {
  check: PreflightCheck;
  outcome: 'passed' | 'skipped' | 'too few tickets';
  /** The measurement, as a sentence */
  seen: string;
}

/** A check failed; the message has the check, the measurement, and how to skip it. */
export class PreflightFailed extends Error {
  override readonly name = 'PreflightFailed';
}

const batchTickets = 32;
const encoderBatchTickets = 16;
const overfitSteps = 60;
const maxOverfitLoss = 0.1;
const startLossTolerance = 0.01;
/** On fewer held-out tickets a baseline can win by chance. */
const minHeldOut = 50;

type Outcome = Omit<PreflightResult, 'check' | 'outcome'> & { passed: boolean | null };

/** @throws PreflightFailed */
export async function checkBeforeTraining(
  tf: Tensorflow,
  data: TrainingData,
  seed: number,
  skip: readonly PreflightCheck[],
): Promise<PreflightResult[]> {
  const losses: number[] = [];
  const rows = chooseDistinctTickets(data, seed);
  // Only the classes of the batch: with thousands of classes the check would take minutes.
  const classes = [...new Set(rows.map((row) => data.labels[row] ?? 0))];
  const labels = data.labels.map((label) => Math.max(0, classes.indexOf(label)));
  const learn = async (): Promise<void> => {
    if (classes.length < 2) return;
    const options = { cost: 100_000, maxSteps: overfitSteps, onLoss: (loss: number) => void losses.push(loss) };
    await trainSoftmax(tf, data.dense, labels, rows, classes.length, options);
  };
  const results = [runCheck('shapes', skip, () => checkShapes(data))];
  const needsBatch = !skip.includes('start-loss') || !skip.includes('overfit');
  if (needsBatch) await learn();
  results.push(
    runCheck('start-loss', skip, () => checkStart(losses[0], classes.length)),
    runCheck('overfit', skip, () => checkOverfit(losses.at(-1), rows.length)),
  );
  return results;
}

/**
 * @param overfit trains the encoder on these rows only, until the loss is at most `maxLoss` or the steps are used up; returns the
 * losses
 * @throws PreflightFailed
 */
export async function checkEncoderTraining(
  data: TrainingData,
  seed: number,
  skip: readonly PreflightCheck[],
  overfit: (rows: Int32Array, maxLoss: number) => Promise<number[]>,
): Promise<PreflightResult[]> {
  const isNeeded = !skip.includes('encoder-start-loss') || !skip.includes('encoder-overfit');
  const rows = chooseDistinctTickets(data, seed).subarray(0, encoderBatchTickets);
  const losses = rows.length < 2 || !isNeeded ? [] : await overfit(rows, maxOverfitLoss);
  return [
    runCheck('encoder-start-loss', skip, () => checkStart(losses[0], data.classes.length)),
    runCheck('encoder-overfit', skip, () => checkOverfit(losses.at(-1), rows.length)),
  ];
}

/** @throws PreflightFailed */
export function checkBaseline(
  predictions: readonly Prediction[],
  labelCounts: readonly number[],
  skip: readonly PreflightCheck[],
): PreflightResult {
  return runCheck('baseline', skip, () => {
    const commonest = labelCounts.indexOf(labelCounts.reduce((most, count) => Math.max(most, count), 0));
    const share = (right: (prediction: Prediction) => boolean): number =>
      percentOf(predictions.filter(right).length, predictions.length);
    const model = share(({ label, predicted }) => label === predicted);
    const majority = share(({ label }) => label === commonest);
    const seen = `top-1 is ${model} %, the majority class ${majority} %, on ${predictions.length} held-out tickets`;
    return { seen, passed: predictions.length < minHeldOut ? null : model > majority };
  });
}

function runCheck(check: PreflightCheck, skip: readonly PreflightCheck[], run: () => Outcome): PreflightResult {
  if (skip.includes(check)) return { check, outcome: 'skipped', seen: 'not run' };
  const { passed, seen } = run();
  if (passed === false) {
    throw new PreflightFailed(
      `pre-flight check "${check}" failed. Expected: ${preflightChecks[check]}. Found: ${seen}. ` +
        `Check labels and columns first; --skip-preflight ${check} trains anyway`,
    );
  }
  return { check, outcome: passed === null ? 'too few tickets' : 'passed', seen };
}

function checkShapes({ dense, sparse, labels, classes }: TrainingData): Outcome {
  const count = labels.length;
  const problems: string[] = [];
  if (dense.values.length !== count * dense.width) {
    problems.push(`${dense.values.length} numbers for ${count} tickets of ${dense.width}`);
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
  if (loss === undefined) return { passed: null, seen: 'fewer than two distinct tickets' };
  const expected = Math.log(classes);
  const seen = `the initial loss is ${loss.toFixed(4)}, log ${classes} is ${expected.toFixed(4)}`;
  return { passed: Math.abs(loss - expected) <= startLossTolerance * expected, seen };
}

function checkOverfit(loss: number | undefined, tickets: number): Outcome {
  if (loss === undefined) return { passed: null, seen: 'fewer than two distinct tickets' };
  return {
    passed: loss < maxOverfitLoss,
    seen: `the loss on a batch of ${tickets} tickets is ${loss.toFixed(4)}`,
  };
}

/** Tickets with distinct texts, of as many classes as fit in the batch: one text can't be two classes. */
function chooseDistinctTickets({ labels, dedupGroups, dense }: TrainingData, seed: number): Int32Array {
  const order = Int32Array.from([...labels.keys()].filter((row) => (labels[row] ?? -1) >= 0));
  shuffle(order, order.length, seeded(seed));
  const texts = new Set<number>();
  const numbers = new Set<string>();
  const classes = new Set<number>();
  const others: number[] = [];
  const chosen: number[] = [];
  for (const row of order) {
    if (chosen.length >= batchTickets) break;
    const key = dense.values.subarray(row * dense.width, row * dense.width + 8).join();
    if (texts.has(dedupGroups[row] ?? 0) || numbers.has(key)) continue;
    texts.add(dedupGroups[row] ?? 0);
    numbers.add(key);
    const label = labels[row] ?? 0;
    if (classes.has(label)) others.push(row);
    else chosen.push(row);
    classes.add(label);
  }
  return Int32Array.from([...chosen, ...others.slice(0, batchTickets - chosen.length)]);
}
