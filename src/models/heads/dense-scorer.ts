/** Scores tickets in service with the heads on one encoder's numbers. */
import type { DenseHeads } from './heads.js';
import { NearestTickets } from './nearest-tickets.js';
import { softmaxScores } from './softmax-head.js';
import type { Tensor2D, Tensorflow } from '../tensors/tensorflow.js';

export class DenseScorer {
  /** Linear head and discriminant as one: the weighted sum of two linear maps is linear. */
  private readonly linear: { weights: Tensor2D; bias: Tensor2D };
  private readonly nearest: NearestTickets;

  /**
   * @param width numbers in a row
   * @param weights of linear head, nearest ticket and discriminant
   */
  constructor(
    private readonly tf: Tensorflow,
    { dense, nearest, discriminant }: DenseHeads,
    private readonly width: number,
    private readonly weights: readonly number[],
  ) {
    const [denseWeight = 0, , discriminantWeight = 0] = weights;
    const sum = (a: Float32Array, b: Float32Array): Float32Array =>
      a.map((value, at) => denseWeight * value + discriminantWeight * b[at]!);
    this.linear = {
      weights: tf.tensor2d(sum(dense.weights, discriminant.weights), [width, dense.classes]),
      bias: tf.tensor2d(sum(dense.bias, discriminant.bias), [1, dense.classes]),
    };
    this.nearest = new NearestTickets(tf, nearest);
  }

  /**
   * @param size numbers in an embedding; each row starts with it
   * @returns weighted sum of the scores, [rows, classes]
   */
  scores(rows: readonly Float32Array[], size: number): Float64Array {
    const [, nearestWeight = 0] = this.weights;
    const linear = softmaxScores(this.tf, this.linear, stackRows(rows, this.width), rows.length);
    const nearest = this.nearest.scores(stackRows(rows, size), rows.length);
    return Float64Array.from(linear, (score, place) => score + nearestWeight * nearest[place]!);
  }

  dispose(): void {
    this.tf.dispose(this.linear);
    this.nearest.dispose();
  }
}

/** The first `width` numbers of each row, [rows, width] */
export function stackRows(rows: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, index) => all.set(row.subarray(0, width), index * width));
  return all;
}
