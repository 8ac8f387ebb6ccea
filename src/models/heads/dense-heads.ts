/** What is learned from the numbers of one encoder: two linear heads, and the labelled tickets that others are held against. */
import { fitDiscriminant } from './discriminant.js';
import { likeness } from './head-scores.js';
import { ticketBank } from './nearest-tickets.js';
import type { Recipe } from './recipe.js';
import { trainSoftmax } from './softmax-head.js';
import { templateEmbeddings, templatesTeach } from '../dataset/template-rows.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { DenseHeads } from './heads.js';

export interface DenseLesson {
  /** Which rows to learn from; all of them have a class */
  rows: Int32Array;
  seed: number;
  recipe: Recipe;
  onProgress: (share: number) => void | Promise<void>;
  onLoss?: ((loss: number) => void) | undefined;
}

export async function trainDenseHeads(
  tf: Tensorflow,
  data: TrainingData,
  { rows, seed, recipe: { denseCost, denseSteps }, onProgress, onLoss }: DenseLesson,
): Promise<DenseHeads> {
  const classes = data.classes.length;
  const teach = templatesTeach(data, rows, (some) => likeness(data, some, templateEmbeddings(data)));
  const examples = teach ? data.dense.templates : null;
  const options = { cost: denseCost, mostSteps: denseSteps, examples, onLoss };
  const dense = await trainSoftmax(tf, data.dense, data.labels, rows, classes, options, onProgress);
  const nearest = ticketBank(data, rows, seed);
  const { dense: features, labels } = data;
  const discriminant = fitDiscriminant(tf, { dense: features, labels, rows, classes, templates: examples });
  return { dense, nearest, discriminant };
}
