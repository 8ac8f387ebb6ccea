/** The heads on one encoder's numbers: logistic regression, linear discriminant, and nearest labelled ticket. */
import { fitDiscriminant } from './discriminant.js';
import { cosineSimilarities } from './head-scores.js';
import { buildTicketBank } from './nearest-tickets.js';
import type { Recipe } from './recipe.js';
import { trainSoftmax } from './softmax-head.js';
import { templateEmbeddings, areTemplatesInformative } from '../dataset/template-rows.js';
import type { Tensorflow } from '../tensors/tensorflow.js';
import type { TrainingData } from '../dataset/training-data.js';
import { DenseHeads } from './heads.js';

export interface DenseHeadOptions {
  /** Rows to train on; all of them have a class */
  rows: Int32Array;
  seed: number;
  recipe: Recipe;
  onProgress: (share: number) => void | Promise<void>;
  onLoss?: ((loss: number) => void) | undefined;
}

export async function trainDenseHeads(
  tf: Tensorflow,
  data: TrainingData,
  { rows, seed, recipe: { denseCost, denseSteps }, onProgress, onLoss }: DenseHeadOptions,
): Promise<DenseHeads> {
  const classes = data.classes.length;
  const addTemplates = areTemplatesInformative(data, rows, (some) =>
    cosineSimilarities(data, some, templateEmbeddings(data)),
  );
  const examples = addTemplates ? data.dense.templates : null;
  const options = { cost: denseCost, maxSteps: denseSteps, examples, onLoss };
  const dense = await trainSoftmax(tf, data.dense, data.labels, rows, classes, options, onProgress);
  const nearest = buildTicketBank(data, rows, seed);
  const { dense: features, labels } = data;
  const discriminant = fitDiscriminant(tf, { dense: features, labels, rows, classes, templates: examples });
  return { dense, nearest, discriminant };
}
