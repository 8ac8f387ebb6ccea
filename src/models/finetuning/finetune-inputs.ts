/** What the graph that trains an encoder is given. */
import type { DataType } from '../tensors/graph-writer.js';

/** What a batch is to the graph. `tokens` tokens in `texts` texts of at most `time` tokens. */
export const stepInputs = {
  /** [tokens] */
  ids: 'int32',
  /** [tokens] place of each token in its text, from 0 */
  positions: 'int32',
  /** [texts · time] which token stands there; `tokens` for none */
  padded: 'int32',
  /** [tokens] where it stands among texts · time */
  places: 'int32',
  /** [texts, time] 1 where a token stands, else 0 */
  mask: 'float32',
  /** scalar int32, of dropout */
  seed: 'int32',
  /** scalar, share of numbers that dropout leaves */
  keep: 'float32',
} as const satisfies Record<string, DataType>;

export const trainInputs = {
  ...stepInputs,
  /** [texts, classes] probabilities that are right */
  targets: 'float32',
  /** [texts] weight of each text's cross-entropy */
  weights: 'float32',
  /** [texts, texts] share that each other text has in what a text shall be alike */
  positives: 'float32',
  /** [texts] weight of each text's contrastive loss */
  anchors: 'float32',
  /** [texts, texts] a large negative number where a text meets itself, else 0 */
  apart: 'float32',
  /** scalar, learning rate of the last layer, corrected for Adam's start */
  rate: 'float32',
} as const satisfies Record<string, DataType>;

/** -1: as many as there are */
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
