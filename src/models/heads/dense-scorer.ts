/** What the heads on one encoder's numbers say of tickets in service. */
import type { DenseHeads } from './heads.js';
import { NearestTickets } from './nearest-tickets.js';
import { softmaxScores } from './softmax-head.js';
import type { Tensor2D, Tensorflow } from '../tensors/tensorflow.js';

export class DenseScorer {
  /** The linear head and the discriminant: the weighted sum of two linear maps is one. */
  private readonly linear: { weights: Tensor2D; bias: Tensor2D };
  private readonly nearest: NearestTickets;

  /**
   * @param width numbers in a row
   * @param weights of the linear head, the nearest ticket and the discriminant
   */
  constructor(
    private readonly tf: Tensorflow,
    { dense, nearest, discriminant }: DenseHeads,
    private readonly width: number,
    private readonly weights: readonly number[],
  ) {
    const [ofDense = 0, , ofDiscriminant = 0] = weights;
    const sum = (one: Float32Array, other: Float32Array): Float32Array =>
      one.map((value, at) => ofDense * value + ofDiscriminant * (other[at] as number));
    this.linear = {
      weights: tf.tensor2d(sum(dense.weights, discriminant.weights), [width, dense.classes]),
      bias: tf.tensor2d(sum(dense.bias, discriminant.bias), [1, dense.classes]),
    };
    this.nearest = new NearestTickets(tf, nearest);
  }

  /**
   * @param size numbers in an embedding, with which each row begins
   * @returns the weighted sum of what the heads say, [rows, classes]
   */
  scores(rows: readonly Float32Array[], size: number): Float64Array {
    const [, ofNearest = 0] = this.weights;
    const linear = softmaxScores(this.tf, this.linear, together(rows, this.width), rows.length);
    const nearest = this.nearest.scores(together(rows, size), rows.length);
    return Float64Array.from(linear, (score, place) => score + ofNearest * (nearest[place] as number));
  }

  dispose(): void {
    this.tf.dispose(this.linear);
    this.nearest.dispose();
  }
}

/** The first `width` numbers of each row, one row after another. */
export function together(rows: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, index) => all.set(row.subarray(0, width), index * width));
  return all;
}
