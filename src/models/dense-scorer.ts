/** What the heads on one encoder's numbers say of tickets in service. */
import type { DenseHeads } from './dense-heads.js';
import type { LinearHead } from './linear-svm.js';
import { NearestTickets } from './nearest-tickets.js';
import { softmaxScores } from './softmax-head.js';
import type { Tensor2D, Tensorflow } from './tensorflow.js';

export class DenseScorer {
  private readonly dense: { weights: Tensor2D; bias: Tensor2D };
  private readonly discriminant: { weights: Tensor2D; bias: Tensor2D };
  private readonly nearest: NearestTickets;

  /** @param width numbers in a row */
  constructor(
    private readonly tf: Tensorflow,
    { dense, nearest, discriminant }: DenseHeads,
    private readonly width: number,
  ) {
    const tensorsOf = ({ weights, bias, classes }: LinearHead): { weights: Tensor2D; bias: Tensor2D } => ({
      weights: tf.tensor2d(weights, [width, classes]),
      bias: tf.tensor2d(bias, [1, classes]),
    });
    this.dense = tensorsOf(dense);
    this.discriminant = tensorsOf(discriminant);
    this.nearest = new NearestTickets(tf, nearest);
  }

  /**
   * @param size numbers in an embedding, with which each row begins
   * @param weights of the linear head, the nearest ticket and the discriminant
   * @returns their weighted sum, [rows, classes]
   */
  scores(rows: readonly Float32Array[], size: number, weights: readonly number[]): Float64Array {
    const [ofDense = 0, ofNearest = 0, ofDiscriminant = 0] = weights;
    const values = together(rows, this.width);
    const dense = softmaxScores(this.tf, this.dense, values, rows.length);
    const discriminant = softmaxScores(this.tf, this.discriminant, values, rows.length);
    const nearest = this.nearest.scores(together(rows, size), rows.length);
    return Float64Array.from(
      dense,
      (score, place) =>
        ofDense * score + ofNearest * (nearest[place] as number) + ofDiscriminant * (discriminant[place] as number),
    );
  }

  dispose(): void {
    this.tf.dispose([this.dense, this.discriminant]);
    this.nearest.dispose();
  }
}

/** The first `width` numbers of each row, one row after another. */
function together(rows: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, index) => all.set(row.subarray(0, width), index * width));
  return all;
}
