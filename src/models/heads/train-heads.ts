import type { TrainingData } from '../dataset/training-data.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import { Progress } from '../training/cross-fit.js';
import { trainLinearSvm } from './linear-svm.js';
import { Heads } from './heads.js';
import { trainDenseHeads } from './dense-heads.js';
import { defaultRecipe, type Recipe } from './recipe.js';

export interface HeadsLesson {
  /** Which rows to learn from; all of them have a class */
  rows: Int32Array;
  seed: number;
  onProgress: Progress;
  onLoss?: ((loss: number) => void) | undefined;
  recipe?: Recipe | undefined;
  /** The same tickets as the encoder sees them that a training began with; null where it is the same one */
  usual?: TrainingData | null | undefined;
}

export async function trainHeads(tf: Tensorflow, data: TrainingData, lesson: HeadsLesson): Promise<Heads> {
  const { rows, seed, onProgress, onLoss, recipe = defaultRecipe, usual } = lesson;
  const parts = usual ? 3 : 2;
  const part = (index: number) => (share: number) => onProgress((index + share) / parts);
  const own = await trainDenseHeads(tf, data, { rows, seed, recipe, onLoss, onProgress: part(0) });
  const options = { cost: recipe.sparseCost, seed };
  const sparse = await trainLinearSvm(data.sparse, data.labels, rows, data.classes.length, options, part(1));
  const beside = usual ? await trainDenseHeads(tf, usual, { rows, seed, recipe, onProgress: part(2) }) : null;
  return { ...own, sparse, usual: beside };
}
