import type { TrainingData } from '../dataset/training-data.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { trainLinearSvm } from './linear-svm.js';
import { Heads } from './heads.js';
import { trainDenseHeads } from './dense-heads.js';
import { defaultRecipe, type Recipe } from './recipe.js';

/** @param share of the work that is done, 0–1 */
export type Progress = (share: number) => void | Promise<void>;

export interface HeadTrainingOptions {
  /** Rows to train on; all of them have a class */
  rows: Int32Array;
  seed: number;
  onProgress: Progress;
  onLoss?: ((loss: number) => void) | undefined;
  recipe?: Recipe | undefined;
  /** The same tickets encoded by the base encoder; null where the encoder was not trained */
  baseData?: TrainingData | null | undefined;
}

export async function trainHeads(tf: Tensorflow, data: TrainingData, options: HeadTrainingOptions): Promise<Heads> {
  const { rows, seed, onProgress, onLoss, recipe = defaultRecipe, baseData } = options;
  const steps = baseData ? 3 : 2;
  const reportStep = (step: number) => (share: number) => onProgress((step + share) / steps);
  const own = await trainDenseHeads(tf, data, { rows, seed, recipe, onLoss, onProgress: reportStep(0) });
  const svm = { cost: recipe.sparseCost, seed };
  const sparse = await trainLinearSvm(data.sparse, data.labels, rows, data.classes.length, svm, reportStep(1));
  const base = baseData ? await trainDenseHeads(tf, baseData, { rows, seed, recipe, onProgress: reportStep(2) }) : null;
  return { ...own, sparse, base };
}
