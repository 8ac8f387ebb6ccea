/** Inputs of the graph that trains an encoder. */
import type { DataType } from '../tensors/graph-writer.js';

/** A batch: `tokens` tokens in `texts` texts of at most `time` tokens. */
export const stepInputs = {
  /** [tokens] */
  ids: 'int32',
  /** [tokens] position of each token in its text, from 0 */
  positions: 'int32',
  /** [texts · time] index of the token in this slot; `tokens` for padding */
  padded: 'int32',
  /** [tokens] slot of each token among texts · time */
  places: 'int32',
  /** [texts, time] 1 for a token, 0 for padding */
  mask: 'float32',
  /** scalar int32, of dropout */
  seed: 'int32',
  /** scalar, share of numbers that dropout keeps */
  keep: 'float32',
} as const satisfies Record<string, DataType>;

export const trainInputs = {
  ...stepInputs,
  /** [texts, classes] target probabilities */
  targets: 'float32',
  /** [texts] weight of each text's cross-entropy */
  weights: 'float32',
  /** [texts, texts] target distribution over the other texts of the same class */
  positives: 'float32',
  /** [texts] weight of each text's contrastive loss */
  anchors: 'float32',
  /** [texts, texts] -1e9 on the diagonal, else 0: a text is not compared with itself */
  apart: 'float32',
  /** scalar, learning rate of the last layer with Adam's bias correction */
  rate: 'float32',
} as const satisfies Record<string, DataType>;

/** -1: any length */
export const inputShapes: Record<keyof typeof trainInputs, readonly number[]> = {
  ids: [-1],
  positions: [-1],
  padded: [-1],
  places: [-1],
  mask: [-1, -1],
  seed: [],
  keep: [],
  targets: [-1, -1],
  weights: [-1],
  positives: [-1, -1],
  anchors: [-1],
  apart: [-1, -1],
  rate: [],
};
